"""A clock that is set by a day changes nothing for a while; one that stays so is believed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from portal.agent.clock import MEANT_AFTER_S, Memory, SteadyClock
from portal.agent.main import Agent
from portal.runs.states import RunState
from portal.store import EVERYONE
from portal.store.tables import Lesson
from tests.agent.conftest import World
from tests.agent.test_dispatch import a_lesson

DAY = 86_400.0


@dataclass
class Machine:
    """Its wall clock can be set; the other one only goes on."""

    wall: float = 1_800_000_000.0
    ticks: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def clock(self, before: tuple[float, float] | None = None) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.ticks, before)


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


@pytest.mark.parametrize("step", [DAY, -DAY])
def test_an_agent_that_starts_after_the_step_goes_on_from_the_last_ones_time(
    step: float, tmp_path: Path
) -> None:
    machine, memory = Machine(), Memory(tmp_path / "clocks" / "portal.json", "this boot")
    first = machine.clock()
    memory.note(first(), machine.ticks)
    machine.pass_by(100)
    right, machine.wall = machine.wall, machine.wall + step
    assert machine.clock(memory.recall())() == right
    assert replace(memory, boot="another boot").recall() is None
    assert machine.clock()() == right + step


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"boot": "this boot"}'])
def test_a_memory_that_cannot_be_read_is_none(text: str | None, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "portal.json", "this boot")
    if text is not None:
        memory.file.write_text(text)
    assert memory.recall() is None


def test_a_storage_that_refuses_ends_no_agent(tmp_path: Path) -> None:
    (tmp_path / "clocks").write_text("no folder")
    Memory(tmp_path / "clocks" / "portal.json", "this boot").note(1.0, 2.0)


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_nothing_ends_by_a_clock_in_doubt(step: float) -> None:
    """Lessons may have been made by either time."""
    machine = Machine()
    clock = machine.clock()
    machine.wall += step
    assert clock.surely() == min(machine.wall, clock())
    machine.pass_by(MEANT_AFTER_S)
    assert clock() == clock.surely() == machine.wall


def test_a_lesson_made_by_the_clock_that_was_put_right_is_not_rung_out(world: World) -> None:
    machine = Machine(world.clock() + 7200)
    clock = machine.clock()
    agent = Agent(
        world.settings,
        world.store,
        world.catalog,
        world.scheduler,
        "0123456789ab",
        holder=world.dispatch.holder,
        clock=clock,
        ticks=lambda: machine.ticks,
    )
    machine.wall -= 7200
    lesson = a_lesson(world)
    (run_id,) = world.add_runs(1, lesson_id=lesson, ends_by=world.clock() + 2400)
    agent.round()
    assert world.run(run_id).state == RunState.SUBMITTED
    with world.store.reading(EVERYONE) as session:
        assert session.get_one(Lesson, lesson).state == "open"


def test_an_agent_leaves_the_time(world: World, tmp_path: Path) -> None:
    stop = threading.Event()
    noted: list[float] = []

    def note() -> None:
        noted.append(world.clock())
        stop.set()

    Agent(
        world.settings,
        world.store,
        world.catalog,
        world.scheduler,
        "0123456789ab",
        holder=world.dispatch.holder,
        clock=world.clock,
        ticks=world.clock,
        note_time=note,
    ).work(stop)
    assert noted == [world.clock()]
    memory = Memory.of_this_machine(tmp_path)
    memory.note(1.0, 2.0)
    assert memory.recall() == (1.0, 2.0)
