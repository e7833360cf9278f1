"""Presses that come one after the other travel together while much is going, and only then."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from portal.agent import dispatch
from portal.agent.pace import EACH_S, FREE, LONGEST_S, QUIET_S, WINDOW_S, Pace
from portal.store import EVERYONE
from portal.store.tables import School
from tests.agent.conftest import World


@dataclass
class Ticks:
    """Seconds that move when they are told to."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def resting(pace: Pace, ticks: Ticks) -> frozenset[str]:
    """Who rests while somebody has just pressed."""
    return pace.resting(newest=ticks.now)


def busy(arrays: int) -> tuple[Pace, Ticks]:
    """A pace after so many arrays of so many schools at this moment."""
    ticks = Ticks()
    pace = Pace(ticks)
    for number in range(arrays):
        pace.went(f"school{number}")
    return pace, ticks


def test_nobody_waits_while_little_is_going() -> None:
    pace, ticks = busy(FREE)
    assert resting(pace, ticks) == frozenset()


def test_who_has_just_been_served_waits_the_longer_the_more_is_going() -> None:
    pace, ticks = busy(FREE + 2)
    assert len(resting(pace, ticks)) == FREE + 2
    ticks.now += 2 * EACH_S + 0.01
    assert resting(pace, ticks) == frozenset()


def test_a_school_that_nothing_was_sent_of_does_not_wait() -> None:
    pace, ticks = busy(90)
    assert "another" not in resting(pace, ticks)


def test_no_school_waits_longer_than_the_bound() -> None:
    pace, ticks = busy(1)
    ticks.now += LONGEST_S - 0.1
    for number in range(1, 400):
        pace.went(f"school{number}")
    assert "school0" in resting(pace, ticks)
    ticks.now += 0.2
    assert "school0" not in resting(pace, ticks)
    assert "school1" in resting(pace, ticks)


def test_nobody_waits_for_more_where_nobody_presses_any_more() -> None:
    pace, ticks = busy(400)
    assert len(pace.resting(newest=1.0)) == 400
    ticks.now += QUIET_S / 2
    assert len(pace.resting(newest=2.0)) == 400
    ticks.now += QUIET_S / 2 + 0.01
    assert len(pace.resting(newest=2.0)) == 400
    ticks.now += QUIET_S / 2
    assert pace.resting(newest=2.0) == frozenset()
    assert len(pace.resting(newest=3.0)) == 400


def test_a_window_is_forgotten() -> None:
    pace, ticks = busy(400)
    ticks.now += WINDOW_S + 0.01
    assert resting(pace, ticks) == frozenset()


def test_presses_of_a_school_that_rests_become_one_array(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts: set[str] = set()
    monkeypatch.setattr(Pace, "resting", lambda *_: frozenset(accounts))
    world.add_runs(1)
    assert len(world.dispatch.send_waiting()) == 1
    accounts.add("hua")
    world.add_runs(1)
    assert world.dispatch.send_waiting() == []
    world.add_runs(1)
    accounts.clear()
    assert len(world.dispatch.send_waiting()) == 1
    assert world.states() == {"submitted": 3}


def test_what_was_announced_too_long_ago_is_taken_back_and_goes_in_the_next_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submission that hung may have outlived the lease: the next one asks for it again."""
    for minutes in (10, 20, 30):
        world.add_runs(1, minutes=minutes)
    monkeypatch.setattr(dispatch, "ANNOUNCED_S", -1.0)
    assert world.dispatch.send_waiting() == []
    assert world.scheduler.calls["submit"] == 0
    assert {(batch.state, batch.submitting_since) for batch in world.batches()} == {
        ("forming", None)
    }
    monkeypatch.undo()
    assert len(world.dispatch.send_waiting()) == 3
    assert world.states() == {"submitted": 3}


def test_many_schools_at_once_are_more_than_one_commit_holds(world: World) -> None:
    with world.store.begin(EVERYONE) as session:
        schools = [School(slug=f"s{n}", name=f"s{n}", slurm_account=f"s{n}") for n in range(20)]
        session.add_all(schools)
        session.flush()
        ids = [school.id for school in schools]
    for school_id in ids:
        world.add_runs(2, school_id=school_id)
    assert len(world.dispatch.send_waiting()) == 20 > dispatch.TOGETHER
    assert world.scheduler.calls["submit"] == 20
    assert world.states() == {"submitted": 40}
