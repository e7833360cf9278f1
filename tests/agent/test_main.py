"""The agent's rounds: one question per poll interval, and a fault that does not end it."""

from __future__ import annotations

import threading

import pytest

from portal.agent.main import Agent
from portal.scheduler import ArrayRequest, SubmittedArray
from portal.store import EVERYONE
from portal.store.tables import Lease
from tests.agent.conftest import World

QUERIES = ("alive", "find", "nodes", "site", "ping")


def agent_of(world: World) -> Agent:
    return Agent(
        world.settings,
        world.store,
        world.catalog,
        world.scheduler,
        "0123456789ab",
        clock=world.clock,
        ticks=world.clock,
    )


def test_at_most_one_query_per_poll_interval(world: World) -> None:
    agent = agent_of(world)
    world.add_runs(40)
    seconds = 20
    for _ in range(seconds * 10):
        agent.round()
        world.clock.advance(0.1)
    asked = sum(world.scheduler.calls[query] for query in QUERIES)
    assert 5 <= asked <= seconds / world.settings.agent.poll_s + 1


def test_a_fault_in_one_round_is_not_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    agent = agent_of(world)
    rounds = []

    def stumble() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            stop.set()
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(agent, "round", stumble)
    agent.work(stop)
    assert len(rounds) == 2
    assert "a round of the agent failed" in caplog.text


def test_a_stopped_agent_hands_over_at_once(world: World) -> None:
    stop = threading.Event()
    stop.set()
    first = agent_of(world)
    assert first._leads()
    second = agent_of(world)
    assert not second._leads()
    first.work(stop)
    assert second._leads()
    with world.store.reading(EVERYONE) as session:
        assert session.get_one(Lease, "agent").holder == second.holder


def test_who_is_asked_to_go_sends_the_batch_in_hand_and_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    world.add_runs(2, minutes=10)
    world.add_runs(2, minutes=20)
    agent = agent_of(world)
    submit = world.scheduler.submit

    def asked_to_go_meanwhile(request: ArrayRequest) -> SubmittedArray:
        stop.set()
        return submit(request)

    monkeypatch.setattr(world.scheduler, "submit", asked_to_go_meanwhile)
    agent.work(stop)
    assert world.states() == {"submitted": 2, "waiting": 2}
    # It asks Slurm nothing more, and the next one begins at once with what is left.
    assert world.scheduler.calls["alive"] == 0
    monkeypatch.undo()
    following = agent_of(world)
    assert following._leads()
    following.round()
    assert world.states() == {"submitted": 4}
    assert len({batch.job_id for batch in world.batches() if batch.state == "submitted"}) == 2


def test_who_has_lost_the_lease_says_so_and_waits(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = agent_of(world), agent_of(world)
    assert first._leads()
    world.clock.advance(world.settings.agent.lease_s + 1)
    assert second._leads()
    assert not first._leads()
    assert not first._leads()
    assert caplog.text.count("another agent has taken over") == 1
