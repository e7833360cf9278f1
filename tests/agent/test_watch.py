"""Runs follow their jobs; absence is never an end, and every doubt ends visibly."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.runs.states import RunState
from portal.scheduler import NO_ARRAY, SubmittedArray, TaskStatus
from portal.scheduler.memory import Play
from portal.scheduler.states import parse_state
from portal.store import EVERYONE
from portal.store.tables import Run, Usage
from tests.agent.conftest import World


def rounds(world: World, seconds: int) -> None:
    for _ in range(seconds):
        world.dispatch.send_waiting()
        world.wishes.pass_on()
        world.watch.look()
        world.clock.advance(1)


def test_a_run_trains_and_succeeds_with_both_words(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    assert world.run(run_id).state == RunState.RUNNING
    world.job_says(world.run(run_id))
    rounds(world, 8)
    run = world.run(run_id)
    assert (run.state, run.reason) == ("succeeded", None)
    assert run.metrics == {"accuracy": 0.9}
    assert run.timing == {"setup_seconds": 1.0, "train_seconds": 3.0, "steps": 100}
    assert [batch.state for batch in world.batches()] == ["closed"]


def test_what_a_run_used_is_written_down_by_slurms_times(world: World) -> None:
    first, second = world.add_runs(2)
    rounds(world, 2)
    world.job_says(world.run(first))
    rounds(world, 40)
    assert (world.run(first).state, world.run(second).state) == ("succeeded", "lost")
    told = {task.task: task for task in world.scheduler.history([world.batches()[0].id], 0.0)}
    with world.store.reading(EVERYONE) as session:
        rows = session.scalars(select(Usage)).all()
    assert {row.task for row in rows} == {0, 1}
    for row in rows:
        task = told[row.task]
        assert (row.job_id, row.started_at) == (task.job_id, task.started)
        assert row.seconds == (task.ended or 0) - (task.started or 0) > 0


def test_what_never_started_used_nothing(world: World) -> None:
    (run_id,) = world.add_runs(1)
    with world.store.begin(EVERYONE) as session:
        session.get_one(Run, run_id).cancel_asked_at = world.clock()
    rounds(world, 5)
    assert world.run(run_id).state == RunState.CANCELLED
    with world.store.reading(EVERYONE) as session:
        assert session.scalars(select(Usage)).all() == []


def test_nothing_alive_asks_slurm_nothing(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    world.job_says(world.run(run_id))
    rounds(world, 8)
    asked = world.scheduler.calls["alive"]
    rounds(world, 20)
    assert world.scheduler.calls["alive"] == asked


def test_completed_without_the_jobs_word_is_lost_and_never_done(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 10)
    assert world.run(run_id).state == RunState.FINISHING
    rounds(world, 25)
    assert (world.run(run_id).state, world.run(run_id).reason) == ("lost", "result-missing")


def test_a_word_that_comes_late_is_still_heard(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 15)
    world.job_says(world.run(run_id))
    rounds(world, 1)
    assert world.run(run_id).state == RunState.SUCCEEDED


def test_a_job_that_the_controller_forgot_is_found_in_accounting(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    world.job_says(world.run(run_id))
    world.clock.advance(10)
    world.scheduler.alive()
    world.scheduler.forget(world.batches()[0].id)
    rounds(world, 2)
    assert world.run(run_id).state == RunState.SUCCEEDED


def test_a_silent_controller_ends_nothing(world: World) -> None:
    world.add_runs(3)
    rounds(world, 2)
    world.scheduler.unavailable = True
    rounds(world, 600)
    assert world.states() == {"running": 3}


def test_a_job_that_nobody_knows_any_more_is_lost_after_a_while(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    assert world.run(run_id).state == RunState.RUNNING
    world.scheduler.crash(world.batches()[0].id)
    rounds(world, 10)
    assert not RunState(world.run(run_id).state).final
    rounds(world, 45)
    assert world.run(run_id).state == RunState.LOST


def test_an_acknowledged_batch_that_the_controller_lost_is_sent_again(world: World) -> None:
    world.add_runs(40)
    world.dispatch.send_waiting()
    name = world.batches()[0].id
    world.scheduler.crash(name)
    rounds(world, 30)
    tasks = [task for task in world.scheduler.alive().tasks if task.name == name]
    assert len(tasks) == 40
    assert world.scheduler.calls["submit"] == 2


def test_once_claimed_a_run_is_lost_rather_than_sent_again(world: World) -> None:
    first, second = world.add_runs(2)
    world.dispatch.send_waiting()
    world.job_claims(world.run(first))
    world.scheduler.crash(world.batches()[0].id)
    rounds(world, 24)
    # The other one never began: it goes again, in a batch of its own.
    assert world.run(second).state == RunState.RUNNING
    assert world.run(second).batch_id != world.run(first).batch_id
    world.job_says(world.run(second))
    rounds(world, 30)
    assert world.run(second).state == RunState.SUCCEEDED
    assert (world.run(first).state, world.run(first).reason) == ("lost", "result-missing")
    assert world.scheduler.calls["submit"] == 2


def _one_waits(world: World) -> Run:
    """A class that trains for long, and one more seat of its batch that waits; it vanishes."""
    world.play = Play(seconds=500)
    world.add_runs(65)
    rounds(world, 2)
    (waiting,) = [run for run in world.runs() if run.state == RunState.SUBMITTED]
    batch = next(one for one in world.batches() if one.id == waiting.batch_id)
    assert len([run for run in world.runs() if run.batch_id == batch.id]) > 1
    assert batch.job_id is not None
    assert waiting.task is not None
    world.scheduler.cancel(SubmittedArray(batch.id, batch.job_id), [waiting.task])
    return waiting


def test_a_waiting_task_that_the_centre_cancelled_is_not_lost(world: World) -> None:
    waiting = _one_waits(world)
    rounds(world, 30)
    run = world.run(waiting.id)
    assert (run.state, run.reason) == ("cancelled", "cancelled-in-slurm")
    assert world.scheduler.calls["submit"] == 2


def test_a_task_that_a_restarted_controller_forgot_is_sent_again(world: World) -> None:
    waiting = _one_waits(world)
    world.scheduler.booted_at = world.clock()
    rounds(world, 30)
    run = world.run(waiting.id)
    assert run.state == RunState.SUBMITTED
    assert run.batch_id != waiting.batch_id
    # Alone: the others of its batch train where they are.
    assert world.scheduler.calls["submit"] == 3
    assert world.states() == {"running": 64, "submitted": 1}


def test_an_array_that_the_centre_cancelled_before_it_began_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ids = world.add_runs(2)
    world.dispatch.send_waiting()
    (batch,) = world.batches()
    assert batch.job_id is not None
    record = TaskStatus(batch.id, batch.job_id, NO_ARRAY, parse_state("CANCELLED by 0"))
    world.scheduler.crash(batch.id)
    monkeypatch.setattr(world.scheduler, "history", lambda _names, _since: [record])
    rounds(world, 2)
    ends = {(world.run(one).state, world.run(one).reason) for one in run_ids}
    assert ends == {("cancelled", "cancelled-in-slurm")}
    assert world.scheduler.calls["submit"] == 1


def test_without_accountings_answer_nobody_is_missing(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    world.job_says(world.run(run_id))
    world.clock.advance(10)
    world.scheduler.alive()
    world.scheduler.forget(world.batches()[0].id)
    world.scheduler.accounting_unavailable = True
    rounds(world, 60)
    assert world.run(run_id).reason == "checking"
    assert world.run(run_id).state != RunState.LOST
    world.scheduler.accounting_unavailable = False
    rounds(world, 2)
    assert world.run(run_id).state == RunState.SUCCEEDED


def test_a_silence_in_between_begins_the_doubt_anew(world: World) -> None:
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    world.job_claims(world.run(run_id))
    world.scheduler.crash(world.batches()[0].id)
    rounds(world, 40)
    world.scheduler.unavailable = True
    rounds(world, 40)
    world.scheduler.unavailable = False
    rounds(world, 40)
    assert world.run(run_id).state == RunState.RUNNING
    rounds(world, 10)
    assert world.run(run_id).state == RunState.LOST


def test_the_wish_to_stop_reaches_slurm_once_and_keeps_its_reason(world: World) -> None:
    first, second = world.add_runs(2)
    rounds(world, 2)
    with world.store.begin(EVERYONE) as session:
        run = session.get_one(Run, first)
        run.cancel_asked_at, run.reason = world.clock(), "cancelled-by-pupil"
    rounds(world, 3)
    assert (world.run(first).state, world.run(first).reason) == ("cancelled", "cancelled-by-pupil")
    assert world.run(second).state == RunState.RUNNING
    assert world.scheduler.calls["cancel"] == 1


def test_a_run_that_is_told_to_finish_keeps_its_model(world: World) -> None:
    world.play = Play(seconds=500)
    (run_id,) = world.add_runs(1)
    rounds(world, 2)
    world.job_says(world.run(run_id), finished_early=True)
    with world.store.begin(EVERYONE) as session:
        session.get_one(Run, run_id).finish_asked_at = world.clock()
    rounds(world, 4)
    assert world.run(run_id).state == RunState.SUCCEEDED
    assert world.scheduler.calls["signal"] == 1


def test_a_cancelled_waiting_task_that_leaves_no_record_ends(world: World) -> None:
    world.add_runs(64)
    (late,) = world.add_runs(1, created_at=world.clock() + 1)
    rounds(world, 2)
    assert world.run(late).state == RunState.SUBMITTED
    with world.store.begin(EVERYONE) as session:
        run = session.get_one(Run, late)
        run.cancel_asked_at, run.reason = world.clock(), "cancelled-by-teacher"
    rounds(world, 30)
    assert (world.run(late).state, world.run(late).reason) == ("cancelled", "cancelled-by-teacher")
