"""How a run looks to a program."""

from __future__ import annotations

import time
from typing import Any

import marshmallow as ma

from portal.api.reader import language
from portal.people.viewer import Viewer
from portal.runs.reasons import reason_of
from portal.runs.states import RunState
from portal.store.tables import Run


class ReasonSchema(ma.Schema):
    """Why a run is where it is."""

    code = ma.fields.String(required=True, metadata={"example": "waiting-for-share"})
    sentence = ma.fields.String(required=True, metadata={"description": "For a child."})


class RunSchema(ma.Schema):
    """One training."""

    id = ma.fields.String(required=True)
    template = ma.fields.String(required=True)
    data = ma.fields.String(required=True, metadata={"description": "The data set's id."})
    data_name = ma.fields.String(required=True)
    share = ma.fields.Integer(required=True, metadata={"description": "Eighths of a GPU."})
    parameters = ma.fields.Dict(required=True)
    minutes = ma.fields.Integer(required=True, metadata={"description": "Time limit."})
    language = ma.fields.String(required=True)
    lesson = ma.fields.String(required=True, allow_none=True)
    seat = ma.fields.Integer(required=True, allow_none=True, metadata={"description": "Number."})
    state = ma.fields.String(required=True, metadata={"enum": [state.value for state in RunState]})
    final = ma.fields.Boolean(required=True)
    reason = ma.fields.Nested(ReasonSchema, required=True, allow_none=True)
    attempt = ma.fields.Integer(required=True)
    created_at = ma.fields.Float(required=True)
    submitted_at = ma.fields.Float(required=True, allow_none=True)
    started_at = ma.fields.Float(required=True, allow_none=True)
    ended_at = ma.fields.Float(required=True, allow_none=True)
    waited_s = ma.fields.Float(
        required=True, metadata={"description": "From the request to the start; or till now."}
    )
    trained_s = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "From the start to the end."}
    )
    accuracy = ma.fields.Float(required=True, allow_none=True)
    metrics = ma.fields.Dict(required=True)
    slurm_job = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Not for seats.", "example": "1234_7"},
    )
    slurm_words = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What Slurm said, as it said it. Not for seats."},
    )


class RunsSchema(ma.Schema):
    """A page of runs, newest first."""

    items = ma.fields.List(ma.fields.Nested(RunSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ChangedRunsSchema(ma.Schema):
    """The runs that a request changed; the others were left as they are."""

    changed = ma.fields.List(ma.fields.Nested(RunSchema), required=True)


def shown(viewer: Viewer, run: Run) -> dict[str, Any]:
    """A run as `RunSchema` has it. Seats are not shown what is Slurm's."""
    now, state, reason = time.time(), RunState(run.state), reason_of(run.reason)
    metrics = run.metrics or {}
    return {
        "id": run.id,
        "template": run.template,
        "data": run.data_set_id,
        "data_name": run.data_set.name_zh if language() == "zh" else run.data_set.name_en,
        "share": run.eighths,
        "parameters": run.parameters,
        "minutes": run.minutes,
        "language": run.language,
        "lesson": run.lesson_id,
        "seat": run.seat.number if run.seat is not None else None,
        "state": state.value,
        "final": state.final,
        "reason": None
        if reason is None
        else {"code": reason.code, "sentence": reason.child.in_language(language())},
        "attempt": run.attempt,
        "created_at": run.created_at,
        "submitted_at": run.submitted_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "waited_s": waited_s(run, now),
        "trained_s": trained_s(run, now),
        "accuracy": metrics.get("accuracy"),
        "metrics": metrics,
        "slurm_job": None if viewer.is_seat else slurm_job(run),
        "slurm_words": None if viewer.is_seat else run.slurm_words,
    }


def waited_s(run: Run, now: float) -> float:
    """Seconds between the request and the start, or the end where it never started, or `now`."""
    return max(0.0, (run.started_at or run.ended_at or now) - run.created_at)


def trained_s(run: Run, now: float) -> float | None:
    """Seconds between the start and the end, or `now`; None where it has not started."""
    if run.started_at is None:
        return None
    return max(0.0, (run.ended_at or now) - run.started_at)


def slurm_job(run: Run) -> str | None:
    """The task as Slurm's commands name it, once Slurm has given it a number."""
    if run.batch is None or run.batch.job_id is None or run.task is None:
        return None
    return f"{run.batch.job_id}_{run.task}"
