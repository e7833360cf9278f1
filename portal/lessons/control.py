"""What a teacher does to a whole lesson: stop all, retry the failed, ring the bell now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.lessons.bell import ring_out
from portal.people.access import Action, require
from portal.people.viewer import Viewer
from portal.runs import changes
from portal.runs.once import fingerprint, once
from portal.runs.states import LIVE, RunState
from portal.store.tables import Lesson, Run

FAILED = frozenset({RunState.FAILED, RunState.LOST})


def stop_all(session: Session, viewer: Viewer, lesson: Lesson) -> tuple[Run, ...]:
    """Stop every run of the lesson that is alive; those that changed. The lesson stays open."""
    require(viewer, Action.CHANGE_ANY_RUN)
    live = select(Run).where(Run.lesson_id == lesson.id, Run.state.in_(LIVE))
    return changes.cancel(session, viewer, session.scalars(live).all())


def retry_failed(
    session: Session, viewer: Viewer, lesson: Lesson, *, key: str | None
) -> tuple[Run, ...]:
    """Try the newest run of each seat again where it failed or was lost; those that wait now.

    Raises `Conflict` where the lesson is over.
    """
    require(viewer, Action.LAUNCH)

    def make() -> dict[str, Any]:
        failed = [run for run in _newest(session, lesson) if RunState(run.state) in FAILED]
        return {"runs": [run.id for run in changes.next_attempts(session, viewer, failed)]}

    # The key stands for the lesson: which seats have failed is another matter a second later.
    made, _ = once(session, viewer, key, fingerprint("retry", lesson=lesson.id), make)
    ids = set(made["runs"])
    return tuple(run for run in _newest(session, lesson) if run.id in ids)


def finish(session: Session, viewer: Viewer, lesson: Lesson) -> tuple[Run, ...]:
    """Ring the bell now; the runs that changed.

    What trains ends and keeps its best model, what waits is stopped, and the lesson is over.
    """
    require(viewer, Action.CHANGE_ANY_RUN)
    return ring_out(session, lesson, time.time())


def _newest(session: Session, lesson: Lesson) -> Sequence[Run]:
    """The newest run of each seat of the lesson."""
    runs = session.scalars(
        select(Run)
        .where(Run.lesson_id == lesson.id, Run.seat_id.is_not(None))
        .order_by(Run.created_at, Run.id)
    )
    return list({run.seat_id: run for run in runs}.values())
