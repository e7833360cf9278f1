"""Stopping, finishing and retrying runs. Slurm is told by the agent; here it is written down.

The rows are locked in the order of their ids, as everybody does, before they are looked at: the
agent may be moving them at this moment.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import Conflict, NotAllowed
from portal.language import N_
from portal.people.access import REFUSALS, Action, require_school
from portal.people.viewer import Viewer
from portal.runs.belonging import (
    Place,
    free_seats,
    require_open,
    require_room,
    seat_is_busy,
)
from portal.runs.life import move, next_attempt
from portal.runs.once import fingerprint, once
from portal.runs.queries import may_change
from portal.runs.states import RunState
from portal.runs.templates import require_used
from portal.store.tables import Lesson, Run

BY_TEACHER = "cancelled-by-teacher"
BY_PUPIL = "cancelled-by-pupil"
BY_BELL = "lesson-ended"
BY_CENTRE = "cancelled-in-slurm"
ENDING_REASONS = frozenset({BY_TEACHER, BY_PUPIL, BY_BELL, BY_CENTRE})


def cancel(session: Session, viewer: Viewer, runs: Sequence[Run]) -> tuple[Run, ...]:
    """Stop runs; those that changed. One that is over, or being stopped, is left as it is.

    Raises `NotAllowed` where one of them is not the viewer's to stop.
    """
    return stop(_own(session, viewer, runs), BY_PUPIL if viewer.is_seat else BY_TEACHER)


def stop(runs: Sequence[Run], reason: str) -> tuple[Run, ...]:
    """Stop locked runs for a reason; those that changed.

    What has no batch is unknown to Slurm, and is over at once. For the others the wish and its
    reason are noted, and the agent tells Slurm.
    """
    now = time.time()
    changed = []
    for run in runs:
        if RunState(run.state).final or run.cancel_asked_at is not None:
            continue
        if run.state == RunState.WAITING and run.batch_id is None:
            move(run, RunState.CANCELLED, at=now, reason=reason)
        else:
            run.cancel_asked_at, run.reason = now, reason
        changed.append(run)
    return tuple(changed)


def ending_reason(run: Run) -> str | None:
    """The reason code with which a run that is being stopped will end; None for any other."""
    if run.cancel_asked_at is None:
        return None
    return run.reason if run.reason in ENDING_REASONS else BY_TEACHER


def finish_now(session: Session, viewer: Viewer, runs: Sequence[Run]) -> tuple[Run, ...]:
    """Ask runs that are training to end now and keep their best model; those that changed.

    Raises `NotAllowed` where one of them is not the viewer's.
    """
    return ask_to_finish(_own(session, viewer, runs), time.time())


def ask_to_finish(runs: Sequence[Run], now: float) -> tuple[Run, ...]:
    """Note the wish on locked runs that are training and were not asked before."""
    asked = tuple(
        run
        for run in runs
        if run.state == RunState.RUNNING
        and run.finish_asked_at is None
        and run.cancel_asked_at is None
    )
    for run in asked:
        run.finish_asked_at = now
    return asked


def retry(
    session: Session, viewer: Viewer, runs: Sequence[Run], *, key: str | None
) -> tuple[Run, ...]:
    """Make failed, lost and stopped runs wait again as their next attempt; those that do.

    The state is the proof that the last attempt is gone: a run becomes final only by Slurm's word
    or, as lost, when neither the controller nor accounting knew it for longer than a state takes
    to be saved. And should it live all the same, the next attempt has a folder of its own.

    Raises `NotAllowed`, also where the school has given a template up, and `Conflict` where a
    lesson is over, a seat is training, or the person has enough under way.
    """
    require_school(viewer, Action.START_RUN)

    def make() -> dict[str, Any]:
        return {"runs": [run.id for run in next_attempts(session, viewer, runs)]}

    what = fingerprint("retry", runs=sorted(run.id for run in runs))
    made, _ = once(session, viewer, key, what, make)
    ids = set(made["runs"])
    return tuple(run for run in runs if run.id in ids)


def next_attempts(session: Session, viewer: Viewer, runs: Sequence[Run]) -> list[Run]:
    """What `retry` does, without its key: those of the runs that wait again now."""
    again = [run for run in _own(session, viewer, runs) if _may_go_again(run)]
    for run in again:
        require_used(viewer, run.template)
    _require_room(session, again)
    for run in again:
        next_attempt(run)
    session.flush()
    return again


def lock(session: Session, runs: Sequence[Run]) -> list[Run]:
    """The runs as they are now, and nobody else's to change until the transaction ends."""
    ids = [run.id for run in runs]
    locked = (
        select(Run)
        .where(Run.id.in_(ids))
        .order_by(Run.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(locked))


def _own(session: Session, viewer: Viewer, runs: Sequence[Run]) -> list[Run]:
    if not all(may_change(viewer, run) for run in runs):
        raise NotAllowed(REFUSALS[Action.CHANGE_ANY_RUN])
    return lock(session, runs)


def _may_go_again(run: Run) -> bool:
    state = RunState(run.state)
    return state.final and state is not RunState.SUCCEEDED


def _require_room(session: Session, runs: Sequence[Run]) -> None:
    now = time.time()
    singles: dict[str, int] = {}
    seats: set[Place] = set()
    for run in runs:
        if run.lesson_id is None:
            singles[run.owner_id] = singles.get(run.owner_id, 0) + 1
            continue
        require_open(session.get_one(Lesson, run.lesson_id), now)
        if run.seat_id is not None:
            place = Place(run.school_id, run.seat_id, run.lesson_id)
            if place in seats:
                raise Conflict(N_("Only one training of a seat can be tried again at a time."))
            seats.add(place)
    if seats and len(free_seats(session, seats)) < len(seats):
        raise seat_is_busy()
    for owner_id, more in sorted(singles.items()):
        require_room(session, owner_id, more)
