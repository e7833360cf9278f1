"""A clock that is set by a day changes nothing for a while; one that stays so is believed."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from portal.agent.clock import MEANT_AFTER_S, SteadyClock
from portal.runs.states import RunState
from tests.agent.conftest import World

DAY = 86_400.0


@dataclass
class Machine:
    """Its wall clock can be set; the other one only goes on."""

    wall: float = 1_800_000_000.0
    ticks: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.ticks)


def test_it_tells_the_machines_time() -> None:
    assert abs(SteadyClock()() - time.time()) < 1


@pytest.mark.parametrize("step", [DAY, -DAY, 60.0])
def test_a_step_that_is_taken_back_was_never_there(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_by(10)
    before = clock()
    machine.wall += step
    for _ in range(100):
        machine.pass_by(1)
        clock()
    assert clock() == before + 100
    machine.wall -= step
    machine.pass_by(1)
    assert clock() == machine.wall == before + 101


@pytest.mark.parametrize("step", [DAY, -DAY])
def test_a_step_that_stays_was_meant(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += step
    clock()
    machine.pass_by(MEANT_AFTER_S + 1)
    assert clock() == machine.wall
    machine.pass_by(5)
    assert clock() == machine.wall


def test_what_ntp_puts_right_is_followed_at_once() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(50):
        machine.pass_by(1)
        machine.wall += 2
        assert clock() == machine.wall


def test_a_day_forward_ends_no_lesson_and_gives_no_job_up(world: World) -> None:
    machine = Machine(world.clock())
    world.dispatch.clock = world.watch.clock = machine.clock()
    (run_id,) = world.add_runs(1, ends_by=world.clock() + 3600)
    machine.wall += DAY
    world.dispatch.send_waiting()
    world.watch.look()
    assert world.run(run_id).state == RunState.RUNNING
