"""A lesson's runs are sent under their school's own QOS first, and borrowed beyond it."""

from __future__ import annotations

import pytest

from portal.store import EVERYONE
from portal.store.tables import ClusterView, School
from tests.agent.conftest import GUARANTEED, World
from tests.agent.test_dispatch import a_lesson


def sent(world: World) -> dict[str | None, int]:
    """Runs by the QOS that they were sent with."""
    found: dict[str | None, int] = {}
    for batch in world.batches():
        found[batch.qos] = found.get(batch.qos, 0) + len(
            [run for run in world.runs() if run.batch_id == batch.id]
        )
    return found


def test_a_lesson_fills_the_guaranteed_part_and_borrows_the_rest(house: World) -> None:
    lesson = a_lesson(house)
    house.add_runs(3, lesson_id=lesson)
    house.dispatch.send_waiting()
    assert sent(house) == {"hua-own": 3}
    house.add_runs(4, lesson_id=lesson)
    house.dispatch.send_waiting()
    assert sent(house) == {"hua-own": 4, "normal": 3}
    asked = {task.request.qos for task in house.scheduler._simulation.running}
    assert asked == {"hua-own", "normal"}


def test_a_part_that_is_free_again_is_used_again(house: World) -> None:
    lesson = a_lesson(house)
    house.add_runs(GUARANTEED, lesson_id=lesson)
    house.dispatch.send_waiting()
    house.clock.advance(5)
    house.watch.look()
    for run in house.runs():
        house.job_says(run)
    house.clock.advance(5)
    house.watch.look()
    house.add_runs(1, lesson_id=lesson)
    house.dispatch.send_waiting()
    assert sent(house) == {"hua-own": GUARANTEED + 1}


def test_homework_and_what_needs_no_share_take_nothing_of_it(house: World) -> None:
    house.add_runs(2)
    house.add_runs(1, lesson_id=a_lesson(house), eighths=0)
    house.dispatch.send_waiting()
    assert sent(house) == {"homework": 2, "class": 1}


def test_what_was_only_written_down_is_not_asked_for(house: World) -> None:
    with house.store.begin(EVERYONE) as session:
        session.get_one(ClusterView, "nodes").view = {"schools": {"hua": {"own": False}}}
    house.add_runs(2, lesson_id=a_lesson(house))
    house.dispatch.send_waiting()
    assert sent(house) == {"class": 2}


@pytest.mark.parametrize(
    ("capacity", "used", "limit", "expected"),
    [
        (64, 0, None, {"hua-own": 4, "normal": 8}),
        # Nothing is idle: one more round waits for the part, the rest for whatever comes free.
        (64, 64, None, {"hua-own": 8, "normal": 4}),
        # Two can be borrowed beside the part.
        (64, 58, None, {"hua-own": 8, "normal": 4}),
        (64, 55, None, {"hua-own": 7, "normal": 5}),
        # What the school may have at once is no more to be borrowed than what is idle.
        (64, 0, 6, {"hua-own": 8, "normal": 4}),
    ],
)
def test_what_cannot_start_now_waits_where_its_turn_comes_first(
    house: World, capacity: int, used: int, limit: int | None, expected: dict[str, int]
) -> None:
    hua = {"own": True, "limit_eighths": limit, "used_eighths": 0}
    view = {"capacity_eighths": capacity, "used_eighths": used, "schools": {"hua": hua}}
    with house.store.begin(EVERYONE) as session:
        session.get_one(ClusterView, "nodes").view = view
    house.add_runs(12, lesson_id=a_lesson(house))
    house.dispatch.send_waiting()
    assert sent(house) == expected


def test_a_school_goes_to_its_own_partitions(world: World) -> None:
    world.add_runs(1)
    world.dispatch.send_waiting()
    with world.store.begin(EVERYONE) as session:
        session.get_one(School, world.school_id).partitions = ["day", "night"]
    world.add_runs(1)
    world.dispatch.send_waiting()
    assert sorted(str(batch.partition) for batch in world.batches()) == ["class", "day,night"]
