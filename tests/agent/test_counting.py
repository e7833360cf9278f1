"""The agent counts what it did, in the transaction in which it did it."""

from __future__ import annotations

from portal.language import N_
from portal.operations import tallies
from portal.scheduler import QuotaExceeded
from portal.store import EVERYONE
from tests.agent.conftest import World


def counted(world: World) -> dict[str, int]:
    with world.store.reading(EVERYONE) as session:
        return tallies.totals(session)


def test_a_class_that_trains_and_ends(world: World) -> None:
    world.add_runs(3)
    world.dispatch.send_waiting()
    assert counted(world) == {"submission:accepted": 1}
    world.watch.look()
    world.clock.advance(world.play.seconds + 1)
    for run in world.runs():
        world.job_says(run)
    world.watch.look()
    found = counted(world)
    assert found["reconciled:succeeded"] == 3
    assert found["answer:complete"] == 2
    world.watch.look()
    assert counted(world)["reconciled:succeeded"] == 3


def test_a_submission_in_doubt_is_adopted(world: World) -> None:
    world.add_runs(1)
    world.scheduler.lose_answer(accepted=True)
    world.dispatch.send_waiting()
    assert counted(world) == {"submission:in-doubt": 1}
    world.restart()
    world.watch.look()
    world.dispatch.recover({task.name: task.job_id for task in world.scheduler.alive().tasks})
    assert counted(world)["submission:adopted"] == 1


def test_what_slurm_puts_off_or_does_not_answer(world: World) -> None:
    world.add_runs(1)
    world.scheduler.refuse(QuotaExceeded(N_("No."), words="limit"))
    world.dispatch.send_waiting()
    assert counted(world) == {"submission:put-back": 1}
    world.clock.advance(60)
    world.dispatch.send_waiting()
    world.scheduler.unavailable = True
    world.watch.look()
    assert counted(world)["answer:none"] == 1
