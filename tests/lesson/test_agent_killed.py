"""The agent is killed (SIGKILL) in the middle of a launch: forty runs, forty jobs, none twice."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from typing import Any

import pytest
from stage import processes, services

from tests.lesson.day import Day, taking_part

pytestmark = pytest.mark.cluster

# Between the POST and the last seat running lie about 1.5 s: the first 0.6 s hold the forming of
# the batch, its folders, sbatch and the commit of its id; the rest is ordinary following.
_DICE = random.Random(2026)
MOMENTS = [round(_DICE.uniform(0.0, 0.6), 3) for _ in range(4)]
MORE_MOMENTS = [round(_DICE.uniform(0.0, 2.0), 3) for _ in range(24)]


@pytest.mark.parametrize("after_s", MOMENTS)
def test_forty_of_forty_none_twice(day: Day, after_s: float) -> None:
    _launch_and_kill(day, after_s)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", MORE_MOMENTS)
def test_forty_of_forty_at_many_more_moments(day: Day, after_s: float) -> None:
    _launch_and_kill(day, after_s)


def test_killed_again_and_again(day: Day) -> None:
    """Ten agents, each killed a moment after its start, while the lesson goes on."""
    lesson = day.launch("counting", "penguins", seconds=1)
    moments = random.Random(7)
    for _ in range(10):
        services.start(day.site, "agent")
        time.sleep(moments.uniform(0.0, 0.8))
        _kill_agent(day)
    services.start(day.site, "agent")
    _hold_to_forty(day, day.ended(lesson["id"]))


def _launch_and_kill(day: Day, after_s: float) -> None:
    launched: list[dict[str, Any]] = []
    press = threading.Thread(
        target=lambda: launched.append(day.launch("counting", "penguins", seconds=1))
    )
    press.start()
    time.sleep(after_s)
    _kill_agent(day)
    press.join()
    services.start(day.site, "agent")
    _hold_to_forty(day, day.ended(launched[0]["id"]))


def _kill_agent(day: Day) -> None:
    """Nothing that the agent runs at that moment, sbatch least of all, is left to go on."""
    agent = services.running(day.site)["agent"]
    family = processes.with_descendants([agent], processes.all_processes())
    for process in family:
        processes.send(process, signal.SIGKILL)
    while "agent" in services.running(day.site):
        time.sleep(0.01)


def _hold_to_forty(day: Day, seen: dict[str, Any]) -> None:
    seats = taking_part(seen)
    assert len(seats) == 40
    assert Counter(seat["state"] for seat in seats) == {"succeeded": 40}
    found = day.records(seen)
    assert Counter(record.state for record in found) == {"COMPLETED": 40}
    assert len({record.job for record in found}) == 40
    assert sorted(record.job for record in found) == sorted(seat["slurm_job"] for seat in seats)
    claims = day.claims(seen)
    assert len(claims) == 40
    assert all(len(jobs) == 1 for jobs in claims.values())
