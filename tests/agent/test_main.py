"""The agent's rounds: one question per poll interval, and a fault that does not end it."""

from __future__ import annotations

import threading

import pytest

from portal.agent.main import Agent
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
