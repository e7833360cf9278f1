"""The bell: shortly before a lesson ends its runs are asked to finish, and at its end it is over.

The time limit that a job has in Slurm is a second bell that no portal has to ring.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.runs import changes
from portal.runs.belonging import ENDED, OPEN
from portal.runs.states import LIVE, RunState
from portal.store.tables import Lesson, Run


@dataclass(frozen=True)
class Rung:
    """What one look at the clock did: runs asked to finish, and ids of lessons that are over."""

    asked_to_finish: int
    ended: tuple[str, ...]


def is_due(session: Session, now: float, *, before_s: float) -> bool:
    """Whether `ring` would find a lesson to look at: so that most seconds need no transaction."""
    due = select(Lesson.id).where(Lesson.state == OPEN, Lesson.ends_at <= now + before_s)
    return session.scalar(due.limit(1)) is not None


def ring(session: Session, now: float, *, before_s: float) -> Rung:
    """Look at every open lesson. `now` is UTC seconds, `before_s` how early to ask to finish.

    The session is one for everyone; the caller commits. Ringing twice asks nobody twice.
    """
    due = select(Lesson).where(Lesson.state == OPEN, Lesson.ends_at <= now + before_s)
    asked, ended = 0, []
    for lesson in session.scalars(due.order_by(Lesson.id)).all():
        if lesson.ends_at <= now:
            changed = ring_out(session, lesson, now)
            asked += sum(run.finish_asked_at == now for run in changed)
            ended.append(lesson.id)
        else:
            asked += len(changes.ask_to_finish(_alive(session, lesson), now))
    session.flush()
    return Rung(asked, tuple(ended))


def ring_out(session: Session, lesson: Lesson, now: float) -> tuple[Run, ...]:
    """End a lesson: what trains is asked to finish, what has not begun is stopped."""
    runs = _alive(session, lesson)
    begun = (RunState.RUNNING, RunState.FINISHING)
    asked = changes.ask_to_finish(runs, now)
    stopped = changes.stop([run for run in runs if run.state not in begun], changes.BY_BELL)
    lesson.state, lesson.ends_at = ENDED, min(lesson.ends_at, now)
    return asked + stopped


def _alive(session: Session, lesson: Lesson) -> list[Run]:
    live = select(Run).where(Run.lesson_id == lesson.id, Run.state.in_(LIVE))
    return changes.lock(session, session.scalars(live).all())
