"""A class launch: everything in one transaction, every fault at once, never two."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from portal.errors import Conflict, Invalid, NotAllowed
from portal.lessons.launch import launch
from portal.lessons.queries import get_lesson, lessons
from portal.people.viewer import Role, Viewer
from portal.runs.states import RunState
from portal.store import EVERYONE
from portal.store.tables import SchoolClass, Seat, User
from tests.town import TEMPLATE, Town

FORTY = 40


@pytest.fixture
def forty(town: Town) -> Town:
    """The class here grown to forty seats."""
    with town.portal.store.begin(EVERYONE) as session:
        school_class = session.get_one(SchoolClass, town.here.class_id)
        school_class.seats += [
            Seat(
                school_id=town.here.school.id,
                number=number,
                user=User(
                    school_id=town.here.school.id,
                    login=f"hua-{number}",
                    name="S",
                    role=Role.SEAT,
                ),
            )
            for number in range(5, FORTY + 1)
        ]
    return town


def press(town: Town, viewer: Viewer, key: str | None = None, **changes: Any) -> str:
    with town.portal.store.begin(viewer.tenant) as session:
        request = town.lesson_request(**changes)
        return launch(session, town.portal, viewer, request, key=key).id


def test_forty_seats_are_one_transaction_and_few_statements(forty: Town) -> None:
    engine = forty.portal.store.engine
    commits, statements = [], []

    def committed(connection: object) -> None:
        commits.append(connection)

    def executed(*args: Any) -> None:
        statements.append(args[2])

    event.listen(engine, "commit", committed)
    event.listen(engine, "before_cursor_execute", executed)
    lesson = forty.launch(parameters={"neighbours": 7}, minutes=30)
    event.remove(engine, "commit", committed)
    event.remove(engine, "before_cursor_execute", executed)
    assert len(commits) == 1
    # Forty inserts one by one would be a multiple of this.
    assert len(statements) <= 20
    runs = forty.runs(lesson_id=lesson.id)
    assert len(runs) == FORTY
    assert len({run.seat_id for run in runs}) == len({run.owner_id for run in runs}) == FORTY
    assert len({run.seed for run in runs}) == FORTY
    assert {run.state for run in runs} == {RunState.WAITING}
    assert {run.ends_by for run in runs} == {lesson.ends_at}
    assert {run.parameters["neighbours"] for run in runs} == {7}
    assert {run.school_id for run in runs} == {forty.here.school.id}
    assert lesson.ends_at - lesson.starts_at == 30 * 60
    limit = forty.portal.catalog.get(TEMPLATE).resources.minutes
    assert {run.minutes for run in runs} == {min(limit, 30)}


def test_every_seat_owns_its_run(town: Town) -> None:
    town.launch()
    assert [run.owner_id for run in town.runs()] == [seat.user_id for seat in town.here.seats]


def test_some_seats(town: Town) -> None:
    town.launch(seats=(3, 1, 3))
    seats = {seat.seat_id: number for number, seat in enumerate(town.here.seats, 1)}
    assert [seats[run.seat_id] for run in town.runs()] == [1, 3]


def test_every_fault_of_a_launch_is_reported_at_once(town: Town) -> None:
    with pytest.raises(Invalid) as caught:
        town.launch(
            minutes=0,
            share=3,
            seats=(1, 5, 9),
            data="none",
            language="fr",
        )
    assert set(caught.value.errors) == {"minutes", "share", "seats", "data", "language"}
    assert "5, 9" in str(caught.value.errors["seats"][0])
    with pytest.raises(Invalid) as caught:
        town.launch(school_class="", template="", parameters={"neighbours": 0}, seats=())
    assert set(caught.value.errors) == {"class", "template"}
    with pytest.raises(Invalid) as caught:
        town.launch(school_class="9-9", seats=(), parameters={"neighbours": 0})
    assert set(caught.value.errors) == {"class", "parameters.neighbours"}
    assert town.runs() == []


def test_only_a_teacher_launches_and_only_in_the_own_school(town: Town) -> None:
    for viewer in (town.here.seats[0], town.staff):
        with pytest.raises(NotAllowed):
            press(town, viewer)
    with pytest.raises(Invalid) as caught:
        press(town, town.here.teacher, school_class=town.there.class_id)
    assert set(caught.value.errors) == {"class"}
    assert press(town, town.here.admin)


def test_the_same_key_twice_is_one_lesson(town: Town) -> None:
    teacher = town.here.teacher
    assert press(town, teacher, "k") == press(town, teacher, "k")
    assert len(town.runs()) == len(town.here.seats)


def test_the_same_key_at_the_same_moment_is_one_lesson(town: Town) -> None:
    line = threading.Barrier(4)

    def run() -> str:
        line.wait(timeout=10)
        return press(town, town.here.teacher, "k")

    with ThreadPoolExecutor(4) as pool:
        found = {future.result(timeout=60) for future in [pool.submit(run) for _ in range(4)]}
    assert len(found) == 1
    assert len(town.runs()) == len(town.here.seats)


def test_of_two_teachers_at_the_same_moment_one_is_told(town: Town) -> None:
    line = threading.Barrier(2)

    def run(viewer: Viewer) -> str:
        line.wait(timeout=10)
        try:
            return press(town, viewer)
        except Conflict:
            return "told"

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run, viewer) for viewer in (town.here.teacher, town.here.admin)]
        found = [future.result(timeout=60) for future in futures]
    assert found.count("told") == 1
    assert len(town.runs()) == len(town.here.seats)


def test_a_lesson_that_trains_is_not_launched_over(town: Town) -> None:
    first = town.launch()
    with pytest.raises(Conflict):
        town.launch()
    for run in town.runs():
        town.set(run, state="succeeded")
    second = town.launch()
    teacher = town.here.teacher
    with town.portal.store.reading(teacher.tenant) as session:
        assert get_lesson(session, teacher, first.id).state == "ended"
        assert [found.id for found in lessons(session, teacher, state="open")] == [second.id]


def test_lists_go_on_where_the_last_page_ended(town: Town) -> None:
    teacher, made = town.here.teacher, []
    for _ in range(5):
        made.append(town.launch(seats=(1,)).id)
        for run in town.runs():
            town.set(run, state="succeeded")
    with town.portal.store.reading(teacher.tenant) as session:
        seen: list[str] = []
        while page := lessons(
            session,
            teacher,
            limit=2,
            before=seen[-1] if seen else None,
            class_id=town.here.class_id,
        ):
            seen += [lesson.id for lesson in page]
        assert seen == made[::-1]
        with pytest.raises(Invalid):
            lessons(session, teacher, state="planned")
