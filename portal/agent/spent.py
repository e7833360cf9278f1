"""What an ended run has used, as Slurm has counted it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portal.runs.states import RunState
from portal.scheduler import TaskStatus
from portal.store.tables import Lesson, Run, Seat, Usage


def note(session: Session, seen: Iterable[tuple[Run, TaskStatus]]) -> None:
    """Write down the time of each of these runs that has just come to its end.

    The times are Slurm's own, so that the sums are those of its accounting. A run that never
    started has used nothing.
    """
    ended = {run: task for run, task in seen if RunState(run.state).final}
    if rows := list(_rows(ended, _classes(session, ended))):
        session.execute(insert(Usage), rows)


def _rows(ended: dict[Run, TaskStatus], classes: dict[str, str]) -> Iterator[dict[str, Any]]:
    for run, task in ended.items():
        if task.started is None or task.ended is None:
            continue
        yield {
            "job_id": task.job_id,
            "task": task.task,
            "started_at": task.started,
            "school_id": run.school_id,
            "class_id": classes.get(run.id),
            "template": run.template,
            "eighths": run.eighths,
            "seconds": task.ended - task.started,
        }


def _classes(session: Session, ended: Iterable[Run]) -> dict[str, str]:
    """The class that each run was for, by the run's id; a teacher's trial was for none."""
    ids = [run.id for run in ended]
    if not ids:
        return {}
    found = session.execute(
        select(Run.id, func.coalesce(Lesson.class_id, Seat.class_id))
        .outerjoin(Lesson, Lesson.id == Run.lesson_id)
        .outerjoin(Seat, Seat.id == Run.seat_id)
        .where(Run.id.in_(ids))
    )
    return {run_id: class_id for run_id, class_id in found if class_id is not None}
