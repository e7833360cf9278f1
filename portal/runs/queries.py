"""Runs as people may see them: a seat its own, a school's people the school's, staff all."""

from __future__ import annotations

import time

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.errors import Invalid, NotFound
from portal.language import N_
from portal.people.access import Action, may, sees_all_runs
from portal.people.viewer import Viewer
from portal.runs.belonging import is_open
from portal.runs.reasons import reason_of
from portal.runs.states import RunState
from portal.store.tables import DataSet, Lesson, Run

MOST_ROWS = 200


def get_run(session: Session, viewer: Viewer, run_id: str) -> Run:
    """A run with its lesson, seat, data set and owner; raises `NotFound`."""
    run = session.scalar(_visible(viewer).where(Run.id == run_id))
    if run is None:
        raise NotFound(N_("There is no such training."))
    return run


def history(
    session: Session,
    viewer: Viewer,
    *,
    limit: int = 50,
    before: str | None = None,
    class_id: str | None = None,
    lesson_id: str | None = None,
    template: str | None = None,
    state: str | None = None,
) -> list[Run]:
    """Runs, newest first; `before` is the id of the last run of the page before.

    Raises `NotFound` for a `before` that the viewer cannot see, `Invalid` for an unknown state.
    """
    wanted = _visible(viewer)
    if class_id is not None:
        wanted = wanted.join(Lesson, Lesson.id == Run.lesson_id).where(Lesson.class_id == class_id)
    if lesson_id is not None:
        wanted = wanted.where(Run.lesson_id == lesson_id)
    if template is not None:
        wanted = wanted.where(Run.template == template)
    if state is not None:
        if state not in set(RunState):
            raise Invalid.one("state", N_("There is no such state."))
        wanted = wanted.where(Run.state == state)
    if before is not None:
        last = get_run(session, viewer, before)
        older = Run.created_at < last.created_at
        same = (Run.created_at == last.created_at) & (Run.id < last.id)
        wanted = wanted.where(or_(older, same))
    newest = wanted.order_by(Run.created_at.desc(), Run.id.desc())
    return list(session.scalars(newest.limit(min(max(limit, 1), MOST_ROWS))))


def actions_of(viewer: Viewer, run: Run) -> frozenset[str]:
    """What the viewer may do to a run now: "cancel", "finish", "retry"."""
    if not may_change(viewer, run):
        return frozenset()
    state, stopping = RunState(run.state), run.cancel_asked_at is not None
    actions = set()
    if not state.final and not stopping:
        actions.add("cancel")
    if state is RunState.RUNNING and not stopping and run.finish_asked_at is None:
        actions.add("finish")
    if _worth_a_retry(run) and may(viewer, Action.START_RUN):
        actions.add("retry")
    return frozenset(actions)


def may_change(viewer: Viewer, run: Run) -> bool:
    """Whether the viewer may stop, finish or retry a run that they see."""
    return run.owner_id == viewer.user_id or may(viewer, Action.CHANGE_ANY_RUN)


def _worth_a_retry(run: Run) -> bool:
    """Whether the same again is possible, and may well go better."""
    state, reason = RunState(run.state), reason_of(run.reason)
    if not state.final or state is RunState.SUCCEEDED:
        return False
    if run.lesson is not None and not is_open(run.lesson, time.time()):
        return False
    return reason is None or reason.retry


def _visible(viewer: Viewer) -> Select[Run]:
    runs = select(Run).options(
        joinedload(Run.lesson).joinedload(Lesson.school_class),
        joinedload(Run.seat),
        # A manifest is some kilobytes: a list of runs does not need it.
        joinedload(Run.data_set).lazyload(DataSet.content),
        joinedload(Run.owner),
    )
    return runs if sees_all_runs(viewer) else runs.where(Run.owner_id == viewer.user_id)
