"""The lesson that a run belongs to, and whether there is room for another run."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from portal.errors import Conflict
from portal.language import N_
from portal.runs.states import LIVE
from portal.store.lengths import padded
from portal.store.tables import Lesson, Run, Seat, User


class Place(NamedTuple):
    """A seat in a lesson."""

    school_id: str
    seat_id: str
    lesson_id: str


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


def free_seats(session: Session, places: Collection[Place]) -> dict[Place, Seat]:
    """Those of the places where no run is alive, with their seats, which are locked.

    A seat is locked until the end of the transaction, so that of two presses at the same moment
    the second sees the first's run. All lock in the order of ids, so nobody waits in a circle, and
    a lesson that is launched meanwhile may name the seat in its runs.
    """
    seats = {
        (seat.school_id, seat.id): seat
        for seat in session.scalars(
            select(Seat)
            .where(tuple_(Seat.school_id, Seat.id).in_(padded({place[:2] for place in places})))
            .order_by(Seat.id)
            .with_for_update(key_share=True)
        )
    }
    live = session.execute(
        select(Run.seat_id, Run.lesson_id).where(
            tuple_(Run.lesson_id, Run.seat_id).in_(
                padded({(place.lesson_id, place.seat_id) for place in places})
            ),
            Run.state.in_(LIVE),
        )
    )
    busy = {(seat_id, lesson_id) for seat_id, lesson_id in live}
    return {
        place: seats[place[:2]] for place in places if place[1:] not in busy and place[:2] in seats
    }


def seat_is_busy() -> Conflict:
    """What somebody is told whose seat is not among the free ones."""
    return Conflict(N_("This seat is training already. Wait for it, or stop it first."))


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
