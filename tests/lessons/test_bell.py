"""The bell, and the teacher's hand on it."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, NotAllowed
from portal.lessons import control
from portal.lessons.bell import Rung, ring
from portal.lessons.queries import get_lesson
from portal.store import EVERYONE
from portal.store.tables import Batch, Lesson, Run
from tests.town import Town


def ring_at(town: Town, now: float) -> Rung:
    with town.portal.store.begin(EVERYONE) as session:
        return ring(session, now, before_s=60)


def in_batch(town: Town, run: Run, task: int, state: str) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        batch = Batch(
            school_id=run.school_id,
            state="submitted",
            account="a",
            eighths=1,
            memory_mb=1,
            minutes=1,
        )
        session.add(batch)
        session.flush()
        batch_id = batch.id
    town.set(run, state=state, batch_id=batch_id, task=task)


@pytest.fixture
def lesson(town: Town) -> Lesson:
    """Seat 1 trains, 2 is in the queue, 3 waits, 4 is done."""
    made = town.launch()
    first, second, _, fourth = town.runs()
    in_batch(town, first, 0, "running")
    in_batch(town, second, 1, "submitted")
    town.set(fourth, state="succeeded")
    return made


def state_of(town: Town, lesson: Lesson) -> str:
    with town.portal.store.reading(EVERYONE) as session:
        return session.get_one(Lesson, lesson.id).state


def test_long_before_the_end_nothing_rings(town: Town, lesson: Lesson) -> None:
    assert ring_at(town, lesson.ends_at - 61) == Rung(0, ())
    assert [run.finish_asked_at for run in town.runs()] == [None] * 4


def test_shortly_before_the_end_what_trains_is_asked_to_finish(town: Town, lesson: Lesson) -> None:
    now = lesson.ends_at - 59
    assert ring_at(town, now) == Rung(1, ())
    assert [run.finish_asked_at for run in town.runs()] == [now, None, None, None]
    assert state_of(town, lesson) == "open"
    assert ring_at(town, now + 1) == Rung(0, ())


def test_at_the_end_what_has_not_begun_is_stopped(town: Town, lesson: Lesson) -> None:
    assert ring_at(town, lesson.ends_at) == Rung(1, (lesson.id,))
    first, second, third, fourth = town.runs()
    assert (first.state, first.cancel_asked_at) == ("running", None)
    assert (second.state, second.reason) == ("submitted", "lesson-ended")
    assert second.cancel_asked_at is not None
    assert (third.state, third.reason) == ("cancelled", "lesson-ended")
    assert fourth.state == "succeeded"
    assert state_of(town, lesson) == "ended"
    assert ring_at(town, lesson.ends_at + 1) == Rung(0, ())


def test_a_late_bell_rings_all_the_same(town: Town, lesson: Lesson) -> None:
    assert ring_at(town, lesson.ends_at + 10_000).ended == (lesson.id,)


def test_lessons_of_all_schools_hear_it(town: Town, lesson: Lesson) -> None:
    other = town.launch(town.there)
    assert set(ring_at(town, other.ends_at + 1).ended) == {lesson.id, other.id}


def test_a_teacher_rings_early(town: Town, lesson: Lesson) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        found = get_lesson(session, teacher, lesson.id)
        assert len(control.finish(session, teacher, found)) == 3
        assert found.state == "ended"
        assert found.ends_at < lesson.starts_at + 60
    town.set(town.runs()[3], state="failed")
    with town.portal.store.begin(teacher.tenant) as session:
        found = get_lesson(session, teacher, lesson.id)
        assert control.finish(session, teacher, found) == ()
        with pytest.raises(Conflict):
            control.retry_failed(session, teacher, found, key=None)


def test_stop_all_leaves_the_lesson_open(town: Town, lesson: Lesson) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        found = get_lesson(session, teacher, lesson.id)
        assert len(control.stop_all(session, teacher, found)) == 3
    first, second, third, fourth = town.runs()
    assert first.cancel_asked_at is not None
    assert second.cancel_asked_at is not None
    assert (third.state, fourth.state) == ("cancelled", "succeeded")
    assert state_of(town, lesson) == "open"


def test_only_the_failed_and_lost_are_tried_again(town: Town, lesson: Lesson) -> None:
    first, second, third, fourth = town.runs()
    town.set(first, state="failed", reason="node-failed")
    town.set(second, state="lost", reason="result-missing")
    town.set(third, state="cancelled", reason="cancelled-by-teacher")
    teacher = town.here.teacher
    for _ in range(2):
        with town.portal.store.begin(teacher.tenant) as session:
            found = get_lesson(session, teacher, lesson.id)
            again = control.retry_failed(session, teacher, found, key="k")
            # The second press finds nothing that failed; its key says what the first one did.
            assert {run.id for run in again} == {first.id, second.id}
    states = [(run.state, run.attempt) for run in town.runs()]
    assert states == [("waiting", 2), ("waiting", 2), ("cancelled", 1), ("succeeded", 1)]
    assert town.runs()[3].id == fourth.id


def test_a_seat_that_went_on_is_not_tried_again(town: Town) -> None:
    lesson = town.launch(seats=(1,))
    first = town.runs()[0]
    town.set(first, state="failed")
    second = town.start(town.here.seats[0])
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        found = get_lesson(session, teacher, lesson.id)
        assert control.retry_failed(session, teacher, found, key=None) == ()
    town.set(second, state="failed")
    with town.portal.store.begin(teacher.tenant) as session:
        found = get_lesson(session, teacher, lesson.id)
        again = control.retry_failed(session, teacher, found, key=None)
        assert [run.id for run in again] == [second.id]


def test_a_pupil_rings_no_bell(town: Town, lesson: Lesson) -> None:
    seat = town.here.seats[0]
    with town.portal.store.begin(seat.tenant) as session:
        found = get_lesson(session, seat, lesson.id)
        for act in (
            lambda: control.finish(session, seat, found),
            lambda: control.stop_all(session, seat, found),
            lambda: control.retry_failed(session, seat, found, key=None),
        ):
            with pytest.raises(NotAllowed):
                act()
