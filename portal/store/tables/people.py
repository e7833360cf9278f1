"""Who there is: schools, their people and classes, and how they come in."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.store.ownership import OfSchool, OfSchoolOrCentre
from portal.store.tables.base import Base, new_id


class School(Base):
    """A Slurm account with limits; the tenant of every query.

    `shares` is how many eighths of GPUs it may use at once and `share_hours` how many hours of an
    eighth a month; None where the centre sets that in Slurm itself. Nobody of a school that is not
    `active` comes in or trains; `templates_off` are names of templates that it does not use.
    `guaranteed` is the part of its shares that is its own whenever it comes, None for none set;
    `partitions` are those of Slurm that it may use, [] for the site's.
    """

    __tablename__ = "school"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    slurm_account: Mapped[str] = mapped_column(unique=True)
    shares: Mapped[int | None]
    share_hours: Mapped[int | None]
    guaranteed: Mapped[int | None]
    partitions: Mapped[list[Any]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    templates_off: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[float] = mapped_column(default=time.time)


class User(OfSchool, Base):
    """Someone who can log in: staff (no school), a school's people, or a seat (a pseudonym).

    `way` and `subject` say who it is in the directory that knows the password, whatever the login
    is by now; `left_at` is when that directory had no role for the person any more.
    """

    __tablename__ = "user"
    __table_args__ = (Index("ix_user_way_subject", "way", "subject", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        ForeignKey("school.id"), index=True
    )
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str | None]
    way: Mapped[str] = mapped_column(String(16), default="local")
    subject: Mapped[str | None]
    left_at: Mapped[float | None]
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[float] = mapped_column(default=time.time)

    school: Mapped[School | None] = relationship(lazy="joined")


class SchoolClass(OfSchool, Base):
    """A named group of numbered seats.

    Pupils come in by `code`, which is nobody else's in the whole portal: while a lesson is on, and
    with `homework` at any time. Some time after the end of its term it is deleted.
    """

    __tablename__ = "class"
    __table_args__ = (
        UniqueConstraint("school_id", "slug"),
        Index("ix_class_code", "code", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    code: Mapped[str | None] = mapped_column(String(8))
    homework: Mapped[bool] = mapped_column(default=False)
    term_id: Mapped[str | None] = mapped_column(ForeignKey("term.id"), index=True)
    created_at: Mapped[float] = mapped_column(default=time.time)

    seats: Mapped[list[Seat]] = relationship(
        back_populates="school_class", order_by="Seat.number", cascade="all, delete-orphan"
    )


class Seat(OfSchool, Base):
    """A numbered place in a class, with the account that sits down there.

    `pin_hash` is of the PIN on its card, and `dealt_at` when that card was made.
    """

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("class_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    class_id: Mapped[str] = mapped_column(ForeignKey("class.id"))
    number: Mapped[int]
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), unique=True)
    pin_hash: Mapped[str | None]
    dealt_at: Mapped[float | None]

    school_class: Mapped[SchoolClass] = relationship(back_populates="seats")
    user: Mapped[User] = relationship()


class Token(Base):
    """A secret that a script logs in with; only its hash is kept.

    `scopes` are names with spaces between (`portal.people.scopes`). The user of a school's own
    token is nobody but that script.
    """

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[float] = mapped_column(default=time.time)
    ends_at: Mapped[float]
    used_at: Mapped[float | None]

    user: Mapped[User] = relationship(lazy="joined")


class Allowance(Base):
    """How much of an allowance of wrong guesses was used up at a moment (`portal.people.guesses`).

    The name is a hash: what somebody typed into a form is kept nowhere.
    """

    __tablename__ = "allowance"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    used: Mapped[float]
    at: Mapped[float] = mapped_column(index=True)


class AuditEntry(OfSchoolOrCentre, Base):
    """Who did what to whose data. The database itself refuses to change or delete one.

    `school_id` is of the school whose data it was. `what` is a name of `portal.web.noted`; actor
    and thing are written out, and outlive the rows that they name.
    """

    __tablename__ = "audit"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[float] = mapped_column(index=True)
    actor_id: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(64))
    thing: Mapped[str | None]
    address: Mapped[str | None]
