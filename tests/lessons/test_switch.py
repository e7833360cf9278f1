"""A school switched off: its lessons end as their bells would, and nothing is lost."""

from __future__ import annotations

from portal.lessons.switch import switch_school
from portal.store import EVERYONE
from portal.store.tables import Lesson, Run, School
from tests.town import Town


def switch(town: Town, *, on: bool) -> int:
    with town.portal.store.begin(EVERYONE) as session:
        return switch_school(session, session.get_one(School, town.here.school.id), on=on)


def test_open_lessons_end_as_if_the_bell_rang(town: Town) -> None:
    lesson, other = town.launch(), town.launch(town.there)
    first, second, third, _ = town.runs(lesson_id=lesson.id)
    town.set(first, state="running")
    town.set(second, state="finishing")
    town.set(third, state="succeeded")
    assert switch(town, on=False) == 1
    trains, finishes, done, waits = town.runs(lesson_id=lesson.id)
    assert trains.finish_asked_at is not None
    assert [run.cancel_asked_at for run in (trains, finishes, done)] == [None] * 3
    assert (waits.state, waits.reason) == ("cancelled", "lesson-ended")
    assert {run.state for run in town.runs(lesson_id=other.id)} == {"waiting"}
    with town.portal.store.reading(EVERYONE) as session:
        states = [session.get_one(Lesson, each.id).state for each in (lesson, other)]
    assert states == ["ended", "open"]
    assert switch(town, on=False) == 0


def test_what_still_finishes_after_its_bell_goes_on(town: Town) -> None:
    lesson = town.launch()
    (first, *_) = town.runs()
    town.set(first, state="running", finish_asked_at=1.0)
    with town.portal.store.begin(EVERYONE) as session:
        session.get_one(Lesson, lesson.id).state = "ended"
    assert switch(town, on=False) == 0
    (first, *_) = town.runs()
    assert (first.finish_asked_at, first.cancel_asked_at) == (1.0, None)


def test_what_trains_outside_of_lessons_is_stopped_by_the_centre(town: Town) -> None:
    waits, trains = town.start(town.here.teacher), town.start(town.here.teacher)
    other = town.start(town.there.teacher)
    town.set(trains, state="running")
    assert switch(town, on=False) == 0
    assert switch(town, on=True) == 0
    found: dict[str, Run] = {run.id: run for run in town.runs()}
    assert (found[waits.id].state, found[waits.id].reason) == ("cancelled", "cancelled-in-slurm")
    assert found[trains.id].cancel_asked_at is not None
    assert found[other.id].cancel_asked_at is None
