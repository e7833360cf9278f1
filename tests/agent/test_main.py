"""The agent's rounds: one question per poll interval, and a fault that does not end it."""

from __future__ import annotations

import threading

import pytest

from portal.agent.main import Agent
from portal.privacy.erasures import put_up
from portal.scheduler import ArrayRequest, SubmittedArray
from portal.store import EVERYONE
from portal.store.tables import Erasure, Lease, SchoolClass
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


def test_an_agent_ends_terms_and_erases_what_is_to_go(world: World) -> None:
    (run_id,) = world.add_runs(1)
    agent = agent_of(world)
    agent.round()
    folder = world.settings.data.root / "runs" / run_id[:2] / run_id
    assert folder.is_dir()
    with world.store.begin(EVERYONE) as session:
        put_up(session, "run", run_id, world.school_id, "asked")
        added = SchoolClass(school_id=world.school_id, slug="7-2", name="7(2)")
        session.add(added)
    for _ in range(420):
        agent.round()
        world.clock.advance(10)
    assert not folder.exists()
    with world.store.reading(EVERYONE) as session:
        erasure = session.query(Erasure).filter_by(subject=run_id).one()
        assert (erasure.state, erasure.left, erasure.rows["run"]) == ("done", 0, 1)
        # An hour is over: the class has got its term.
        assert session.get_one(SchoolClass, added.id).term_id is not None
