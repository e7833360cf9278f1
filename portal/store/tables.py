"""The tables. Ids are UUIDs as text; times are UTC seconds since 1970 as floats.

A table with a mixin `OfSchool` or `OfSchoolOrCentre` belongs to a tenant: `portal.store.database`
adds the school to every statement on it, so that no query can forget.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from portal.store.ownership import OfSchool, OfSchoolOrCentre
from portal.store.words import Words

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """A fresh UUID as text; it matches `^[a-z0-9-]{36}$` and may be a Slurm job name."""
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, str: Words(255)}  # noqa: RUF012


class School(Base):
    """A Slurm account with limits; the tenant of every query.

    `shares` is how many eighths of GPUs it may use at once and `share_hours` how many hours of an
    eighth a month; None where the centre sets that in Slurm itself.
    """

    __tablename__ = "school"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    slurm_account: Mapped[str] = mapped_column(unique=True)
    shares: Mapped[int | None]
    share_hours: Mapped[int | None]
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
    """A named group of numbered seats."""

    __tablename__ = "class"
    __table_args__ = (UniqueConstraint("school_id", "slug"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)

    seats: Mapped[list[Seat]] = relationship(
        back_populates="school_class", order_by="Seat.number", cascade="all, delete-orphan"
    )


class Seat(OfSchool, Base):
    """A numbered place in a class, with the account that sits down there."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("class_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    class_id: Mapped[str] = mapped_column(ForeignKey("class.id"))
    number: Mapped[int]
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), unique=True)

    school_class: Mapped[SchoolClass] = relationship(back_populates="seats")
    user: Mapped[User] = relationship()


class Content(Base):
    """Immutable bytes with a hash. No school: it is reached only through a data set."""

    __tablename__ = "content"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    size: Mapped[int] = mapped_column(BigInteger)
    manifest: Mapped[dict[str, Any]]
    created_at: Mapped[float] = mapped_column(default=time.time)


class DataSet(OfSchoolOrCentre, Base):
    """A name and an owner for a content."""

    __tablename__ = "data_set"
    __table_args__ = (UniqueConstraint("school_id", "slug"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("user.id"))
    slug: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(ForeignKey("content.sha256"), index=True)
    licence: Mapped[str | None]
    source: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(default=time.time)

    content: Mapped[Content] = relationship(lazy="joined")


class Lesson(OfSchool, Base):
    """Class + template + time slot; what a launch belongs to."""

    __tablename__ = "lesson"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    class_id: Mapped[str] = mapped_column(ForeignKey("class.id"), index=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("user.id"))
    template: Mapped[str]
    data_set_id: Mapped[str] = mapped_column(ForeignKey("data_set.id"))
    eighths: Mapped[int]
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[float]
    ends_at: Mapped[float]
    created_at: Mapped[float] = mapped_column(default=time.time)

    school_class: Mapped[SchoolClass] = relationship()
    data_set: Mapped[DataSet] = relationship()


class Batch(OfSchool, Base):
    """The runs that go to Slurm as one array job; its id is the job's name.

    `state`: forming → submitting → submitted → closed. `submitting` is committed before sbatch is
    started, so that an agent that died in between knows that it has to ask before it asks again.
    """

    __tablename__ = "batch"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[str] = mapped_column(String(16), index=True)
    account: Mapped[str]
    eighths: Mapped[int]
    memory_mb: Mapped[int]
    minutes: Mapped[int]
    job_id: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(default=time.time)
    submitting_since: Mapped[float | None]
    submitted_at: Mapped[float | None]

    runs: Mapped[list[Run]] = relationship(back_populates="batch", order_by="Run.task")


class Run(OfSchool, Base):
    """One training; the thing that a result belongs to. A retry is the next attempt of it."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_lesson_seat", "lesson_id", "seat_id"),
        Index("ix_run_state_created", "state", "created_at"),
        UniqueConstraint("batch_id", "task"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    lesson_id: Mapped[str | None] = mapped_column(ForeignKey("lesson.id"))
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seat.id"))
    template: Mapped[str]
    template_version: Mapped[str] = mapped_column(String(64))
    data_set_id: Mapped[str] = mapped_column(ForeignKey("data_set.id"))
    parameters: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))
    seed: Mapped[int]
    eighths: Mapped[int]
    minutes: Mapped[int]
    ends_by: Mapped[float | None]

    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    slurm_words: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(default=1)
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batch.id"), index=True)
    task: Mapped[int | None]
    cancel_asked_at: Mapped[float | None]
    finish_asked_at: Mapped[float | None]

    created_at: Mapped[float] = mapped_column(default=time.time)
    submitted_at: Mapped[float | None]
    started_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    checked_at: Mapped[float | None]
    metrics: Mapped[dict[str, Any] | None]
    timing: Mapped[dict[str, Any] | None]

    owner: Mapped[User] = relationship()
    lesson: Mapped[Lesson | None] = relationship()
    seat: Mapped[Seat | None] = relationship()
    data_set: Mapped[DataSet] = relationship()
    batch: Mapped[Batch | None] = relationship(back_populates="runs")
    school: Mapped[School] = relationship(foreign_keys="Run.school_id")


class Answered(Base):
    """A request that started work, by the key its client chose: the same key starts nothing new."""

    __tablename__ = "answered"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    made: Mapped[dict[str, Any]]
    created_at: Mapped[float] = mapped_column(default=time.time, index=True)


class Token(Base):
    """A secret that a script logs in with; only its hash is kept."""

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[float] = mapped_column(default=time.time)
    ends_at: Mapped[float]
    used_at: Mapped[float | None]

    user: Mapped[User] = relationship(lazy="joined")


class Lease(Base):
    """Who the one working agent is, until when, and when Slurm last answered it."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[float]
    renewed_at: Mapped[float | None]
    slurm_answered_at: Mapped[float | None]
    slurm_error: Mapped[str | None] = mapped_column(Text)


class ClusterView(Base):
    """What the agent last saw of the cluster, for pages that may not ask Slurm themselves."""

    __tablename__ = "cluster_view"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[float]
    view: Mapped[dict[str, Any]]


class Tally(Base):
    """How often something has happened since the portal began; counted by the agent."""

    __tablename__ = "tally"

    name: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
