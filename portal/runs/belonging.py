"""The lesson that a run belongs to, and whether there is room for another run."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from portal.errors import Conflict
from portal.language import N_
from portal.runs.states import LIVE
from portal.store.tables import Lesson, Run, Seat, User

OPEN = "open"
ENDED = "ended"
# Runs that belong to no lesson. A class is launched as a lesson, so nobody needs many of them.
MOST_LIVE_RUNS = 20

# What every pupil's press asks; made once, because to put a statement together costs as much as to
# ask it.
_OPEN_LESSON = (
    select(Lesson)
    .where(
        Lesson.class_id == bindparam("class_id"),
        Lesson.state == OPEN,
        Lesson.ends_at > bindparam("now"),
    )
    .options(joinedload(Lesson.data_set))
    .order_by(Lesson.starts_at.desc(), Lesson.id)
    .limit(1)
)
_SEAT = select(Seat).where(Seat.id == bindparam("seat_id")).with_for_update()
_LIVE_RUN = (
    select(Run.id)
    .where(
        Run.seat_id == bindparam("seat_id"),
        Run.lesson_id == bindparam("lesson_id"),
        Run.state.in_(LIVE),
    )
    .limit(1)
)


def open_lesson_of_class(session: Session, class_id: str, now: float) -> Lesson | None:
    """The lesson that the class is in; None before the first and after the bell."""
    return session.scalar(_OPEN_LESSON, {"class_id": class_id, "now": now})


def is_open(lesson: Lesson, now: float) -> bool:
    """Whether the bell has not rung yet."""
    return lesson.state == OPEN and lesson.ends_at > now


def require_open(lesson: Lesson, now: float) -> None:
    """Raise `Conflict` where the bell has rung."""
    if not is_open(lesson, now):
        raise Conflict(N_("The lesson is over."))


def require_free_seat(session: Session, seat_id: str, lesson_id: str) -> Seat | None:
    """The seat, locked; raises `Conflict` where a run of it is still alive in this lesson.

    The seat is locked until the end of the transaction, so that of two presses at the same
    moment the second sees the first's run.
    """
    seat = session.scalar(_SEAT, {"seat_id": seat_id})
    if session.scalar(_LIVE_RUN, {"seat_id": seat_id, "lesson_id": lesson_id}) is not None:
        raise Conflict(N_("This seat is training already. Wait for it, or stop it first."))
    return seat


def require_room(session: Session, user_id: str, more: int) -> None:
    """Raise `Conflict` where somebody would have too many single runs alive at once."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    live = select(func.count()).where(
        Run.owner_id == user_id, Run.lesson_id.is_(None), Run.state.in_(LIVE)
    )
    if (session.scalar(live) or 0) + more > MOST_LIVE_RUNS:
        raise Conflict(
            N_(
                "You may have {most} trainings under way at once. Wait for some, or stop some.",
                most=MOST_LIVE_RUNS,
            )
        )
