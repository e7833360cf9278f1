"""A round that tells nothing new costs a look at columns: no write lock, no growing memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from portal.agent.lease import NOTE_EVERY_S
from portal.agent.main import Agent
from portal.operations import tallies
from portal.scheduler.memory import Play
from portal.store import EVERYONE
from portal.store.tables import Lease, Run
from tests.agent.conftest import World

WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    found: list[str] = []

    def executed(*args: Any) -> None:
        found.append(args[2])

    event.listen(world.store.engine, "before_cursor_execute", executed)
    yield found
    event.remove(world.store.engine, "before_cursor_execute", executed)


@pytest.fixture
def training(world: World) -> World:
    """Forty runs that train, and an agent that knows it."""
    world.play = Play(seconds=500)
    world.add_runs(40)
    world.dispatch.send_waiting()
    for _ in range(3):
        world.watch.look()
        world.clock.advance(1)
    assert world.states() == {"running": 40}
    return world


def test_a_round_without_news_writes_nothing_and_loads_no_run(training: World) -> None:
    training.watch.look()
    with statements(training) as asked:
        training.watch.look()
    assert not [s for s in asked if s.startswith((*WRITES, "BEGIN IMMEDIATE"))]
    # One for the runs' columns; the others ask for batches, the lease and what is in doubt.
    assert len([s for s in asked if "run.state" in s and "run.task" in s]) == 1


def test_slurms_answer_is_noted_now_and_then_and_counted_in_full(training: World) -> None:
    rounds = 21
    before = counted(training)
    with statements(training) as asked:
        for _ in range(rounds):
            training.watch.look()
            training.clock.advance(1)
    noted = [s for s in asked if s.startswith("UPDATE lease")]
    assert 1 <= len(noted) <= rounds / NOTE_EVERY_S + 1
    training.clock.advance(NOTE_EVERY_S)
    training.watch.look()
    assert counted(training) - before >= rounds
    with training.store.reading(EVERYONE) as session:
        assert session.get_one(Lease, "agent").slurm_answered_at == training.clock()


def counted(world: World) -> int:
    with world.store.reading(EVERYONE) as session:
        return tallies.totals(session)["answer:complete"]


def test_a_controller_that_answers_again_is_noted_at_once(training: World) -> None:
    training.scheduler.unavailable = True
    training.watch.look()
    training.scheduler.unavailable = False
    training.watch.look()
    with training.store.reading(EVERYONE) as session:
        assert session.get_one(Lease, "agent").slurm_error is None


def test_a_round_that_is_rolled_back_counts_nothing(
    training: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_session: object) -> None:
        raise RuntimeError("no disk")

    training.clock.advance(training.play.seconds + 1)
    for run in training.runs():
        training.job_says(run)
    with monkeypatch.context() as patched:
        patched.setattr(training.watch, "_close", breaks)
        with pytest.raises(RuntimeError):
            training.watch.look()
    training.watch.look()
    with training.store.reading(EVERYONE) as session:
        assert tallies.totals(session)["reconciled:succeeded"] == 40


def test_wishes_are_remembered_only_while_they_are_open(training: World) -> None:
    with training.store.begin(EVERYONE) as session:
        for run in training.runs()[:3]:
            session.get_one(Run, run.id).cancel_asked_at = training.clock()
    training.wishes.pass_on()
    assert len(training.wishes._told) == 3
    for _ in range(30):
        training.watch.look()
        training.wishes.pass_on()
        training.clock.advance(1)
    assert training.states() == {"cancelled": 3, "running": 37}
    assert training.scheduler.calls["cancel"] == 1
    assert not training.wishes._told


def test_the_bell_takes_no_lock_before_it_is_time(training: World) -> None:
    agent = Agent(
        training.settings,
        training.store,
        training.catalog,
        training.scheduler,
        "0123456789ab",
        holder=training.dispatch.holder,
        clock=training.clock,
        ticks=training.clock,
    )
    agent.round()
    with statements(training) as asked:
        training.clock.advance(1)
        agent.round()
    assert not [s for s in asked if s.startswith((*WRITES, "BEGIN IMMEDIATE"))]
