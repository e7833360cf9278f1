"""How a lesson and its seats look to a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from portal.api.reader import language
from portal.api.run_shape import ReasonSchema, slurm_job
from portal.lessons.seatmap import SeatMap
from portal.lessons.tiles import Tile
from portal.people.viewer import Viewer
from portal.runs.states import RunState
from portal.store.tables import Lesson, Run


class LessonSchema(ma.Schema):
    """A class that trains."""

    id = ma.fields.String(required=True)
    class_ = ma.fields.String(required=True, data_key="class", metadata={"description": "Id."})
    class_name = ma.fields.String(required=True)
    template = ma.fields.String(required=True)
    data = ma.fields.String(required=True, metadata={"description": "The data set's id."})
    share = ma.fields.Integer(required=True, metadata={"description": "Eighths of a GPU."})
    parameters = ma.fields.Dict(required=True)
    state = ma.fields.String(required=True, metadata={"description": "open or ended"})
    starts_at = ma.fields.Float(required=True)
    ends_at = ma.fields.Float(required=True)
    created_at = ma.fields.Float(required=True)


class LessonsSchema(ma.Schema):
    """A page of lessons, newest first."""

    items = ma.fields.List(ma.fields.Nested(LessonSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class SeatSchema(ma.Schema):
    """A seat and its newest run."""

    number = ma.fields.Integer(required=True)
    run = ma.fields.String(required=True, allow_none=True)
    state = ma.fields.String(
        required=True, metadata={"description": "The run's state, or empty where there is none."}
    )
    final = ma.fields.Boolean(required=True)
    reason = ma.fields.Nested(ReasonSchema, required=True, allow_none=True)
    attempt = ma.fields.Integer(required=True, allow_none=True)
    fraction = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "How far the training is, 0 to 1."}
    )
    stage = ma.fields.String(required=True, allow_none=True)
    accuracy = ma.fields.Float(required=True, allow_none=True)
    headline = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "The template's main number."}
    )
    waited_s = ma.fields.Float(required=True, allow_none=True)
    trained_s = ma.fields.Float(required=True, allow_none=True)
    started_at = ma.fields.Float(required=True, allow_none=True)
    ended_at = ma.fields.Float(required=True, allow_none=True)
    slurm_job = ma.fields.String(required=True, allow_none=True, metadata={"example": "1234_7"})


class WholeLessonSchema(LessonSchema):
    """A lesson with its seats as they are now."""

    counts = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "Seats by state."},
    )
    live = ma.fields.Integer(required=True, metadata={"description": "Runs that have not ended."})
    waiting_because = ma.fields.String(required=True, allow_none=True)
    slurm_age_s = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Since Slurm last answered."}
    )
    version = ma.fields.String(
        required=True, metadata={"description": "The same while nothing a reader sees changes."}
    )
    seats = ma.fields.List(ma.fields.Nested(SeatSchema), required=True)


def listed(lesson: Lesson) -> dict[str, Any]:
    """A lesson as `LessonSchema` has it."""
    return {
        "id": lesson.id,
        "class_": lesson.class_id,
        "class_name": lesson.school_class.name,
        "template": lesson.template,
        "data": lesson.data_set_id,
        "share": lesson.eighths,
        "parameters": lesson.parameters,
        "state": lesson.state,
        "starts_at": lesson.starts_at,
        "ends_at": lesson.ends_at,
        "created_at": lesson.created_at,
    }


def whole(
    lesson: Lesson, seats: SeatMap, runs: Mapping[str, Run], viewer: Viewer
) -> dict[str, Any]:
    """A lesson as `WholeLessonSchema` has it; `runs` are those of the tiles, by id."""
    because = seats.waiting_because
    return {
        **listed(lesson),
        "state": seats.state,
        "counts": dict(seats.counts),
        "live": seats.live,
        "waiting_because": because.in_language(language()) if because is not None else None,
        "slurm_age_s": seats.slurm_age_s,
        "version": seats.version,
        "seats": [_seat(tile, runs.get(tile.run_id or ""), viewer) for tile in seats.tiles],
    }


def _seat(tile: Tile, run: Run | None, viewer: Viewer) -> dict[str, Any]:
    reason = None
    if tile.reason is not None:
        reason = {"code": tile.reason_code, "sentence": tile.reason.in_language(language())}
    metrics = (run.metrics or {}) if run is not None else {}
    return {
        "number": tile.number,
        "run": tile.run_id,
        "state": tile.state,
        "final": run is not None and RunState(run.state).final,
        "reason": reason,
        "attempt": tile.attempt,
        "fraction": tile.fraction,
        "stage": tile.stage,
        "accuracy": metrics.get("accuracy"),
        "headline": tile.headline,
        "waited_s": tile.waited_s,
        "trained_s": tile.trained_s,
        "started_at": tile.started_at,
        "ended_at": tile.ended_at,
        "slurm_job": slurm_job(run) if run is not None and not viewer.is_seat else None,
    }
