"""The simulation keeps the contract, and has Slurm's bad habits on demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.language import N_
from portal.scheduler import Ambiguous, ArrayRequest, QuotaExceeded, Unavailable
from portal.scheduler.memory import MemoryScheduler, Play
from portal.scheduler.memory.backend import MIN_JOB_AGE_S
from tests.scheduler.contract import SchedulerContract, new_name


class Clock:
    """A clock that only a test turns."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class MemoryWorld:
    open_account = "school1"
    small_account = "school2"
    closed_account = "closed"
    shares = 32
    license = "xedu"

    def __init__(self) -> None:
        self.clock = Clock()
        self.plays: dict[str, Play] = {}
        self.memory = MemoryScheduler(
            self.clock,
            nodes=2,
            accounts={"school1": None, "school2": 4},
            licenses={self.license: 2},
            program=self.play,
        )

    @property
    def scheduler(self) -> MemoryScheduler:
        self.memory.operator = False
        return self.memory

    @property
    def staff(self) -> MemoryScheduler:
        self.memory.operator = True
        return self.memory

    def play(self, request: ArrayRequest, task: int) -> Play:
        return self.plays.get(request.name, Play())

    def request(
        self, tasks: int = 1, *, seconds: float = 0.2, exit_code: int = 0, **changes: Any
    ) -> ArrayRequest:
        name = new_name()
        self.plays[name] = Play(seconds, exit_code)
        plain: dict[str, Any] = {
            "account": self.open_account,
            "partition": "class",
            "gres": "shard:1",
            "cpus": 1,
            "memory_mb": 100,
            "minutes": 5,
        }
        root = Path("/data/batches") / name
        return ArrayRequest(
            name=name,
            tasks=tasks,
            script=Path("/data/job.sh"),
            workdir=root,
            output="slurm-%a.out",
            **(plain | changes),
        )

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(1000):
            if condition():
                return
            self.pass_time(0.25)
        pytest.fail("it never came to that")

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @property
    def now(self) -> float:
        return self.clock.now


class TestMemory(SchedulerContract):
    @pytest.fixture
    def world(self) -> MemoryWorld:
        return MemoryWorld()


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld()


def bases(world: MemoryWorld, name: str) -> list[str]:
    return [status.state.base for status in world.scheduler.find(name)]


def test_tasks_start_as_others_end(world: MemoryWorld) -> None:
    request = world.request(40, seconds=10)
    world.scheduler.submit(request)
    assert bases(world, request.name).count("RUNNING") == 32
    world.pass_time(10)
    assert sorted(bases(world, request.name)) == ["COMPLETED"] * 32 + ["RUNNING"] * 8
    world.pass_time(10)
    started = {status.started for status in world.scheduler.find(request.name)}
    assert started == {world.now - 20, world.now - 10}


def test_a_gpu_is_used_whole_or_shared(world: MemoryWorld) -> None:
    whole = world.request(5, seconds=100, gres="gpu:1")
    world.scheduler.submit(whole)
    assert bases(world, whole.name).count("RUNNING") == 4
    shared = world.request(1)
    world.scheduler.submit(shared)
    (status,) = world.scheduler.find(shared.name)
    assert (status.state.base, status.reason) == ("PENDING", "Resources")


def test_a_task_is_stopped_at_its_time_limit(world: MemoryWorld) -> None:
    request = world.request(1, seconds=1000, minutes=1)
    world.scheduler.submit(request)
    world.pass_time(59)
    assert bases(world, request.name) == ["RUNNING"]
    world.pass_time(1)
    assert bases(world, request.name) == ["TIMEOUT"]


def test_a_warned_task_ends_well_before_its_time_limit(world: MemoryWorld) -> None:
    request = world.request(1, seconds=1000, minutes=2, signal_before_s=60)
    world.scheduler.submit(request)
    world.pass_time(61)
    assert bases(world, request.name) == ["COMPLETED"]


def test_ended_tasks_are_forgotten_and_accounting_remembers(world: MemoryWorld) -> None:
    request = world.request(1)
    world.scheduler.submit(request)
    world.pass_time(MIN_JOB_AGE_S + 1)
    assert world.scheduler.find(request.name) == []
    assert (request.name, 0) not in world.scheduler.alive().by_task()
    (status,) = world.scheduler.history([request.name], world.now - 3600)
    assert status.state.succeeded


def test_an_answer_can_be_lost_after_the_work_was_taken(world: MemoryWorld) -> None:
    world.scheduler.lose_answer(accepted=True)
    request = world.request(2)
    with pytest.raises(Ambiguous):
        world.scheduler.submit(request)
    assert len(world.scheduler.find(request.name)) == 2


def test_an_answer_can_be_lost_before_the_work_was_taken(world: MemoryWorld) -> None:
    world.scheduler.lose_answer(accepted=False)
    request = world.request(2)
    with pytest.raises(Ambiguous):
        world.scheduler.submit(request)
    assert world.scheduler.find(request.name) == []
    world.scheduler.submit(request)
    assert len(world.scheduler.find(request.name)) == 2


def test_a_refusal_is_raised_once(world: MemoryWorld) -> None:
    world.scheduler.refuse(QuotaExceeded(N_("Full.")))
    request = world.request()
    with pytest.raises(QuotaExceeded):
        world.scheduler.submit(request)
    world.scheduler.submit(request)


def test_a_crashed_controller_gives_the_same_id_again(world: MemoryWorld) -> None:
    first = world.scheduler.submit(request := world.request(3, seconds=100))
    world.scheduler.crash(request.name)
    assert world.scheduler.find(request.name) == []
    assert world.scheduler.history([request.name], 0) == []
    second = world.scheduler.submit(world.request(1, seconds=100))
    assert second.job_id == first.job_id
    world.scheduler.cancel(first)
    assert bases(world, second.name) == ["RUNNING"]


def test_a_silent_controller_raises_and_nothing_is_lost(world: MemoryWorld) -> None:
    array = world.scheduler.submit(request := world.request(1, seconds=100))
    world.scheduler.unavailable = True
    for ask in (
        world.scheduler.alive,
        world.scheduler.ping,
        lambda: world.scheduler.find(request.name),
        lambda: world.scheduler.cancel(array),
        lambda: world.scheduler.submit(world.request()),
    ):
        with pytest.raises(Unavailable) as silence:
            ask()
        assert silence.value.transient
    world.scheduler.unavailable = False
    assert bases(world, request.name) == ["RUNNING"]


def test_accounting_can_be_silent_alone(world: MemoryWorld) -> None:
    world.scheduler.accounting_unavailable = True
    with pytest.raises(Unavailable):
        world.scheduler.history([new_name()], 0)
    world.scheduler.ping()


def test_a_task_says_when_it_ends_by_itself(world: MemoryWorld) -> None:
    ended: list[str] = []
    request = world.request(1)
    world.plays[request.name] = Play(1, at_end=lambda: ended.append("by itself"))
    world.scheduler.submit(request)
    world.pass_time(2)
    world.scheduler.alive()
    assert ended == ["by itself"]


def test_a_cancelled_task_does_not_say_so(world: MemoryWorld) -> None:
    ended: list[str] = []
    request = world.request(1)
    world.plays[request.name] = Play(1, at_end=lambda: ended.append("by itself"))
    array = world.scheduler.submit(request)
    world.scheduler.cancel(array)
    world.pass_time(2)
    world.scheduler.alive()
    assert ended == []


def test_calls_are_counted(world: MemoryWorld) -> None:
    world.scheduler.alive()
    world.scheduler.alive()
    assert world.scheduler.calls["alive"] == 2
