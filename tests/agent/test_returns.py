"""What waits as borrowed returns to its school's part when that comes free."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from portal.agent.returns import AGAIN_S, REFUSED_S
from portal.runs.states import RunState
from portal.scheduler import AccountWish, ArrayRequest, SubmittedArray, Unsupported
from portal.scheduler.memory import Play
from portal.store import EVERYONE
from portal.store.tables import Run
from tests.agent.conftest import GUARANTEED, World
from tests.agent.test_dispatch import a_lesson

BORROWED = 3


@pytest.fixture
def crowded(house: World) -> World:
    """The school's part and three who wait to borrow, on a cluster that others hold whole."""
    house.play = Play(seconds=3600)
    house.scheduler.submit(
        ArrayRequest(
            name="others",
            tasks=64,
            script=Path("/x"),
            workdir=Path("/"),
            output="x",
            account="nan",
            cpus=1,
            memory_mb=1,
            minutes=600,
            qos="normal",
            gres="shard:1",
        )
    )
    house.add_runs(GUARANTEED + BORROWED, lesson_id=a_lesson(house))
    house.dispatch.send_waiting()
    house.returns.look()
    assert house.scheduler.calls["change_qos"] == 0, "the part is full"
    return house


def waiting(world: World) -> dict[str, int]:
    """How many of ours wait in Slurm under which QOS."""
    found: dict[str, int] = {}
    for task in world.scheduler._simulation.waiting:
        found[task.request.qos or ""] = found.get(task.request.qos or "", 0) + 1
    return found


def free(world: World, places: int) -> None:
    """So many of those who wait for the part are stopped."""
    own = [run for run in world.runs() if batch_qos(world, run) == "hua-own"][:places]
    with world.store.begin(EVERYONE) as session:
        for run in own:
            session.get_one(Run, run.id).cancel_asked_at = world.clock()
    world.wishes.pass_on()
    world.clock.advance(60)
    for _ in range(2):
        world.watch.look()
    assert world.states().get("cancelled") == places


def batch_qos(world: World, run: Run) -> str | None:
    return next((batch.qos for batch in world.batches() if batch.id == run.batch_id), None)


def returned(world: World) -> list[int | None]:
    """The tasks that returned, by number."""
    return [run.task for run in world.runs() if run.qos == "hua-own"]


def test_as_many_return_as_there_is_room_for_the_oldest_first(crowded: World) -> None:
    free(crowded, 2)
    crowded.returns.look()
    assert waiting(crowded) == {"hua-own": GUARANTEED, "normal": 1}
    assert returned(crowded) == [0, 1]
    crowded.watch.look()
    assert crowded.states() == {"submitted": GUARANTEED + 1, "cancelled": 2}


def test_who_has_returned_is_told_again_only_after_a_while(crowded: World) -> None:
    free(crowded, 1)
    for _ in range(3):
        crowded.returns.look()
    assert crowded.scheduler.calls["change_qos"] == 1
    crowded.clock.advance(AGAIN_S)
    crowded.returns.look()
    crowded.returns.look()
    assert crowded.scheduler.calls["change_qos"] == 2
    assert returned(crowded) == [0]


def test_an_agent_that_died_before_it_wrote_it_down_does_it_again(crowded: World) -> None:
    free(crowded, 1)
    crowded.returns.look()
    with crowded.store.begin(EVERYONE) as session:
        session.execute(update(Run).values(qos=None))
    crowded.restart()
    crowded.returns.look()
    assert waiting(crowded) == {"hua-own": GUARANTEED, "normal": BORROWED - 1}
    assert returned(crowded) == [0]


def test_who_is_to_be_stopped_does_not_return(crowded: World) -> None:
    free(crowded, 1)
    borrowed = [run for run in crowded.runs() if batch_qos(crowded, run) == "normal"]
    with crowded.store.begin(EVERYONE) as session:
        session.get_one(Run, borrowed[0].id).cancel_asked_at = crowded.clock()
    crowded.returns.look()
    assert returned(crowded) == [1]


def test_a_qos_that_is_not_open_any_more_is_not_asked_for_in_every_round(crowded: World) -> None:
    crowded.scheduler.apply_account(AccountWish("hua", qos=("class", "normal")))
    free(crowded, 1)
    for _ in range(3):
        crowded.returns.look()
    assert crowded.scheduler.calls["change_qos"] == 1
    assert crowded.states()["submitted"] == GUARANTEED + BORROWED - 1
    crowded.scheduler.apply_account(AccountWish("hua", qos=("class", "normal", "hua-own")))
    crowded.clock.advance(REFUSED_S)
    crowded.returns.look()
    assert returned(crowded) == [0]


def test_a_way_that_cannot_is_asked_once(crowded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def cannot(_array: SubmittedArray, _tasks: object, _qos: str) -> None:
        asked.append(1)
        raise Unsupported("not by this way")

    monkeypatch.setattr(crowded.scheduler, "change_qos", cannot)
    free(crowded, 1)
    crowded.returns.look()
    crowded.returns.look()
    assert len(asked) == 1
    assert waiting(crowded)["normal"] == BORROWED


def test_who_tries_again_begins_with_the_qos_of_the_new_batch(crowded: World) -> None:
    free(crowded, 1)
    crowded.returns.look()
    (run,) = [run for run in crowded.runs() if run.qos]
    with crowded.store.begin(EVERYONE) as session:
        again = session.get_one(Run, run.id)
        again.state, again.batch_id, again.task = RunState.WAITING.value, None, None
    crowded.dispatch.send_waiting()
    assert crowded.run(run.id).qos is None
    assert crowded.run(run.id).batch_id not in (None, run.batch_id)
