"""One tile of the seat map: what a seat's newest run in the lesson has come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from portal.catalog import Template
from portal.language import N_, Message
from portal.lessons.curves import Curves
from portal.results.classroom import Classroom, attempts_of
from portal.results.progress import Progress
from portal.runs.reasons import reason_of
from portal.runs.states import RunState
from portal.store.tables import Run, Seat

EMPTY = "empty"
EMPTY_LABEL = N_("empty")
TRAINING = frozenset({RunState.RUNNING, RunState.FINISHING})
# A guess at the end from the first steps would be wild.
LEAST_FRACTION = 0.05
CURVES = Curves()
CLASSROOM = Classroom()


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A seat and its newest run. Times ending in `_at` and `_since` are UTC seconds.

    `fraction` is 0 to 1; `headline` is the template's headline metric as the program wrote it;
    `spark` is at most 30 values of the curve. `waited_s`, `trained_s` are as of the snapshot.
    """

    number: int
    run_id: str | None = None
    state: str = EMPTY
    label: Message = EMPTY_LABEL
    reason: Message | None = None
    reason_code: str | None = None
    fraction: float | None = None
    stage: str | None = None
    headline: float | None = None
    spark: tuple[float, ...] = ()
    waiting_since: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    ends_about: float | None = None
    waited_s: float | None = None
    trained_s: float | None = None
    attempt: int = 0
    stopping: bool = False
    finishing_asked: bool = False
    retry: bool = False

    @cached_property
    def look(self) -> tuple[Any, ...]:
        """What a reader sees of the tile; equal where nothing but the clock has moved.

        Words are not in it: they follow from the codes, in whatever language.
        """
        return _look(self)


# What moves with the clock alone is no news: a browser counts it on by itself.
CLOCK = frozenset({"waited_s", "trained_s"})
WORDS = frozenset({"label", "reason"})
_look = attrgetter(*(field.name for field in fields(Tile) if field.name not in CLOCK | WORDS))


@dataclass(frozen=True)
class Line:
    """What a tile shows of a run's figures: a series of metrics.jsonl, a metric of status.json."""

    series: str | None
    metric: str


def line_of(template: Template) -> Line:
    """The headline's own curve where it has one, else the first that grows, else the first."""
    series, metric = template.curve.series, template.headline.metric
    ranked = sorted(series, key=lambda s: (s.name != metric, s.better != "up"))
    return Line(ranked[0].name if ranked else None, metric)


def tiles_of(
    session: Session, root: Path, *, class_id: str, lesson_id: str, line: Line, now: float
) -> tuple[Tile, ...]:
    """A tile for every seat of the class: one query, and one look at the folders that move."""
    rows = _newest(session, class_id, lesson_id)
    training = [(row.id, row.attempt) for row in rows if row.id and row.state in TRAINING]
    told = {
        attempt.key[1]: _Told(
            CLASSROOM.progress(attempt),
            () if line.series is None else CURVES.growing(attempt, line.series),
        )
        for attempt in attempts_of(root, training)
    }
    return tuple(
        Tile(number=row.number) if row.id is None else _tile(row, told, root, line, now)
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What a run that trains has told so far."""

    progress: Progress | None = None
    spark: tuple[float, ...] = ()


SILENT = _Told()


# Built once: to put it together again costs as much as to run it.
_SEATS = (
    select(
        Seat.number,
        Run.id,
        Run.state,
        Run.reason,
        Run.attempt,
        Run.metrics,
        Run.created_at,
        Run.submitted_at,
        Run.started_at,
        Run.ended_at,
        Run.cancel_asked_at,
        Run.finish_asked_at,
    )
    .outerjoin(Run, and_(Run.seat_id == Seat.id, Run.lesson_id == bindparam("lesson_id")))
    .where(Seat.class_id == bindparam("class_id"))
    .order_by(Seat.number, Run.created_at, Run.id)
)


def _newest(session: Session, class_id: str, lesson_id: str) -> Sequence[Any]:
    """Seats of the class in order, each with the columns of its newest run in the lesson."""
    rows = session.execute(_SEATS, {"lesson_id": lesson_id, "class_id": class_id})
    return list({row.number: row for row in rows}.values())


def _tile(row: Any, all_told: Mapping[str, _Told], root: Path, line: Line, now: float) -> Tile:
    state, told, reason = RunState(row.state), all_told.get(row.id, SILENT), reason_of(row.reason)
    moving = told.progress
    # A second attempt's wait is known from its submission on, about a second later.
    since = row.created_at if row.attempt == 1 else row.submitted_at
    begun = row.started_at or row.ended_at or now
    return Tile(
        number=row.number,
        run_id=row.id,
        state=state.value,
        label=state.label,
        reason=reason.child if reason is not None else None,
        reason_code=row.reason,
        fraction=1.0 if state is RunState.SUCCEEDED else moving.fraction if moving else None,
        stage=moving.stage if moving else None,
        headline=_headline(row.metrics, moving, line.metric),
        spark=_spark(root, row.id, row.attempt, line.series) if state.final else told.spark,
        waiting_since=since,
        started_at=row.started_at,
        ended_at=row.ended_at,
        ends_about=_ends_about(row.started_at, moving),
        waited_s=None if since is None else max(0.0, begun - since),
        trained_s=None if row.started_at is None else (row.ended_at or now) - row.started_at,
        attempt=row.attempt,
        stopping=not state.final and row.cancel_asked_at is not None,
        finishing_asked=not state.final and row.finish_asked_at is not None,
        retry=state.final and state is not RunState.SUCCEEDED and (not reason or reason.retry),
    )


def _headline(
    metrics: Mapping[str, Any] | None, moving: Progress | None, name: str
) -> float | None:
    value = (metrics or (moving.metrics if moving else {})).get(name)
    return float(value) if isinstance(value, int | float) else None


def _ends_about(started_at: float | None, moving: Progress | None) -> float | None:
    """When a run that trains will be done, if it goes on as it went; UTC seconds."""
    if started_at is None or moving is None:
        return None
    fraction = moving.fraction
    if fraction is None or fraction < LEAST_FRACTION:
        return None
    return started_at + max(0.0, moving.updated_at - started_at) / fraction


def _spark(root: Path, run_id: str, attempt: int, series: str | None) -> tuple[float, ...]:
    """The curve of a run that has ended."""
    return () if series is None else CURVES.spark(root, run_id, attempt, series, over=True)
