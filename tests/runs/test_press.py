"""Presses of the same moment: one transaction, and to each pupil what is their own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from portal.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.lessons.launch import launch
from portal.people.viewer import Viewer
from portal.runs.belonging import Place, free_seats
from portal.runs.press import Press, Pressed, press_together
from portal.runs.request import RunRequest
from portal.store import EVERYONE
from portal.store.tables import Answered, Lesson, Run
from tests.town import Hamlet, Town

PATIENCE_S = 60


@pytest.fixture
def town(town: Town) -> Town:
    """Both schools' classes in a lesson, in which nobody trains."""
    for hamlet in (town.here, town.there):
        town.launch(hamlet)
    for run in town.runs():
        town.set(run, state="succeeded")
    return town


def press(viewer: Viewer, key: str | None = None, **asked: Any) -> Press:
    nothing: dict[str, Any] = {"template": "", "data": "", "share": None, "parameters": {}}
    return Press(viewer=viewer, request=RunRequest(language="zh", **nothing | asked), key=key)


def together(town: Town, *presses: Press) -> list[Pressed | Exception]:
    return press_together(town.portal.store, town.portal, presses)


def runs(outcomes: Sequence[Pressed | Exception]) -> list[Run]:
    assert all(isinstance(one, Pressed) for one in outcomes), outcomes
    return [one.run for one in outcomes if isinstance(one, Pressed)]


def waiting(town: Town) -> set[str]:
    return {run.id for run in town.runs(state="waiting")}


def keys(town: Town) -> set[str]:
    with town.portal.store.reading(EVERYONE) as session:
        return set(session.scalars(select(Answered.key)))


def lesson_of(town: Town, hamlet: Hamlet) -> Lesson:
    with town.portal.store.reading(hamlet.teacher.tenant) as session:
        return session.scalars(select(Lesson).where(Lesson.class_id == hamlet.class_id)).one()


def test_a_class_presses_in_one_transaction(town: Town) -> None:
    commits: list[object] = []
    event.listen(town.portal.store.engine, "commit", commits.append)
    outcomes = together(town, *(press(seat, f"key-{seat.login}") for seat in town.here.seats))
    assert len(commits) == 1
    made = runs(outcomes)
    assert [run.seat_id for run in made] == [seat.seat_id for seat in town.here.seats]
    assert {run.id for run in made} == waiting(town)
    assert [one.again for one in outcomes if isinstance(one, Pressed)] == [False] * 4


def test_the_same_key_twice_in_a_group_is_one_run(town: Town) -> None:
    seat, other = town.here.seats[:2]
    first, second, third = together(town, press(seat, "k"), press(other), press(seat, "k"))
    assert isinstance(first, Pressed)
    assert isinstance(third, Pressed)
    assert (first.again, third.again) == (False, True)
    assert first.run.id == third.run.id
    assert waiting(town) == {run.id for run in runs([first, second])}


def test_the_same_key_for_something_else_is_told_so(town: Town) -> None:
    seat = town.here.seats[0]
    first, second = together(town, press(seat, "k"), press(seat, "k", minutes=3))
    assert isinstance(second, Conflict)
    # And the first's answer stands.
    (again,) = together(town, press(seat, "k"))
    assert runs([again])[0].id == runs([first])[0].id


def test_a_seat_that_presses_twice_trains_once(town: Town) -> None:
    seat = town.here.seats[0]
    first, second = together(town, press(seat, "one"), press(seat, "two"))
    assert isinstance(second, Conflict)
    assert waiting(town) == {run.id for run in runs([first])}
    assert keys(town) == {"one"}


def test_a_faulty_press_is_refused_alone_and_its_key_stays_free(town: Town) -> None:
    good, other, bad = town.here.seats[:3]
    wrong = press(bad, "bad", parameters={"neighbours": 99}, share=8)
    staff, long = press(town.staff, "staff"), press(bad, "x" * 201)
    outcomes = together(town, press(good, "good"), wrong, press(other), staff, long)
    assert waiting(town) == {run.id for run in runs([outcomes[0], outcomes[2]])}
    assert isinstance(outcomes[1], Invalid)
    assert set(outcomes[1].errors) == {"parameters.neighbours", "share"}
    assert isinstance(outcomes[3], NotAllowed)
    assert isinstance(outcomes[4], Invalid)
    assert keys(town) == {"good"}
    assert runs(together(town, press(bad, "bad")))


def test_each_school_trains_in_its_own_lesson(town: Town) -> None:
    pupils = [seat for pair in zip(town.here.seats, town.there.seats, strict=True) for seat in pair]
    made = runs(together(town, *(press(seat, "the-same-key") for seat in pupils)))
    lessons = {hamlet.school.id: lesson_of(town, hamlet).id for hamlet in (town.here, town.there)}
    for run, seat in zip(made, pupils, strict=True):
        assert (run.school_id, run.owner_id, run.seat_id) == (
            seat.school_id,
            seat.user_id,
            seat.seat_id,
        )
        assert run.lesson_id == lessons[run.school_id]


def test_nothing_of_another_school_is_reached_from_a_group_that_it_is_in(town: Town) -> None:
    """Not by name, and not by a viewer who says that a class or a seat over there is theirs."""
    seat, other, third = town.here.seats[:3]
    neighbour, theirs = town.there.seats[0], lesson_of(town, town.there)
    outcomes = together(
        town,
        press(neighbour),
        press(seat, lesson_id=theirs.id),
        press(replace(other, class_id=town.there.class_id)),
        press(replace(third, seat_id=town.there.seats[1].seat_id)),
    )
    assert [type(one) for one in outcomes] == [Pressed, NotFound, Conflict, Conflict]
    assert {run.school_id for run in town.runs(state="waiting")} == {town.there.school.id}


def test_a_lesson_does_not_lend_another_schools_data(town: Town) -> None:
    theirs = town.there.data_set_id
    with town.portal.store.begin(EVERYONE) as session:
        session.get_one(Lesson, lesson_of(town, town.here).id).data_set_id = theirs
    first, second = together(town, press(town.here.seats[0]), press(town.there.seats[0]))
    assert isinstance(first, Conflict)
    assert runs([second])


def test_what_breaks_because_of_one_press_breaks_for_it_alone(town: Town) -> None:
    good, other, ghost = town.here.seats[:3]
    # Somebody whose account goes in this very moment: the database refuses the row.
    gone = replace(ghost, user_id="0" * 36)
    outcomes = together(town, press(good, "a"), press(gone, "b"), press(other, "c"))
    assert isinstance(outcomes[1], IntegrityError)
    assert waiting(town) == {run.id for run in runs([outcomes[0], outcomes[2]])}
    assert keys(town) == {"a", "c"}


def test_a_database_that_fails_leaves_nothing_half_done(town: Town) -> None:
    engine = town.portal.store.engine

    def fail(*words: Any) -> None:
        if words[2].startswith("INSERT INTO run"):
            raise OperationalError(words[2], {}, Exception("the disk is full"))

    presses = [press(seat, f"key-{seat.login}") for seat in town.here.seats]
    event.listen(engine, "before_cursor_execute", fail)
    outcomes = together(town, *presses)
    event.remove(engine, "before_cursor_execute", fail)
    assert [type(one) for one in outcomes] == [OperationalError] * 4
    assert (waiting(town), keys(town)) == (set(), set())
    assert {run.id for run in runs(together(town, *presses))} == waiting(town)


def test_groups_that_meet_wait_for_each_other_and_not_in_a_circle(town: Town) -> None:
    """Two workers with the same presses, a network's repetition, in opposite orders."""
    seats = town.here.seats + town.there.seats
    start_line = threading.Barrier(2)

    def go(order: int) -> set[str]:
        start_line.wait(PATIENCE_S)
        return {run.id for run in runs(together(town, *(press(s, "k") for s in seats[::order])))}

    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(go, order) for order in (1, -1))
        assert first.result(PATIENCE_S) == second.result(PATIENCE_S) == waiting(town)


def test_a_launch_does_not_wait_for_presses(town: Town) -> None:
    """Both hold seats, in orders of their own: were they in each other's way, one would fail."""
    if town.portal.store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    teacher, lesson = town.here.teacher, lesson_of(town, town.here)
    places = [Place(lesson.school_id, seat.seat_id or "", lesson.id) for seat in town.here.seats]
    with town.portal.store.begin(EVERYONE) as pressing:
        assert set(free_seats(pressing, places)) == set(places)
        with town.portal.store.begin(teacher.tenant) as session:
            session.execute(text("set local lock_timeout = '20s'"))
            launch(session, town.portal, teacher, town.lesson_request(), key=None)
    assert len(waiting(town)) == 4
