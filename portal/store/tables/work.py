"""What is trained: data sets, lessons, runs, batches, and what they used."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.store.ownership import OfSchool, OfSchoolOrCentre
from portal.store.tables.base import Base, new_id
from portal.store.tables.people import School, SchoolClass, Seat, User


class Content(Base):
    """Immutable bytes with a hash. No school: it is reached only through a data set."""

    __tablename__ = "content"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    size: Mapped[int] = mapped_column(BigInteger)
    manifest: Mapped[dict[str, Any]]
    created_at: Mapped[float] = mapped_column(default=time.time)


class DataSet(OfSchoolOrCentre, Base):
    """A name and an owner for a content.

    One that is `personal` shows people, or lets them be heard: its school has consented to that,
    and it goes with the class that it was brought in for.
    """

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
    personal: Mapped[bool] = mapped_column(default=False)
    class_id: Mapped[str | None] = mapped_column(ForeignKey("class.id"), index=True)
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
    `qos` and `partition` are as Slurm was asked for them, None for what the settings say.
    """

    __tablename__ = "batch"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[str] = mapped_column(String(16), index=True)
    account: Mapped[str]
    eighths: Mapped[int]
    memory_mb: Mapped[int]
    minutes: Mapped[int]
    qos: Mapped[str | None]
    partition: Mapped[str | None]
    job_id: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(default=time.time)
    submitting_since: Mapped[float | None]
    submitted_at: Mapped[float | None]

    runs: Mapped[list[Run]] = relationship(back_populates="batch", order_by="Run.task")


class Run(OfSchool, Base):
    """One training; the thing that a result belongs to. A retry is the next attempt of it.

    `qos` is where it waits or runs in Slurm if that is no longer its batch's.
    """

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
    qos: Mapped[str | None]
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


class Usage(OfSchool, Base):
    """What one run's attempt has used, by Slurm's own times; it stays when the run is deleted.

    Slurm gives ids out again, so it takes the start as well to tell one task from another. Nothing
    in here says who trained: `class_id` is None for what nobody's class did.
    """

    __tablename__ = "usage"
    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    task: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[float] = mapped_column(primary_key=True, index=True)
    class_id: Mapped[str | None] = mapped_column(ForeignKey("class.id"))
    template: Mapped[str]
    eighths: Mapped[int]
    seconds: Mapped[float]
