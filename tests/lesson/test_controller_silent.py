"""slurmctld does not answer while forty seats press Train: nobody is refused, nothing is lost."""

from __future__ import annotations

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from stage.client import Portal

from tests.lesson.day import ALIVE, Day

if TYPE_CHECKING:
    from tests.conftest import Cluster

pytestmark = pytest.mark.cluster


def test_forty_seats_press_train_and_the_controller_is_stopped(day: Day, cluster: Cluster) -> None:
    # A lesson of one seat, ended at once, is what the other seats find open.
    lesson = day.launch("counting", "penguins", seats=[1])
    day.ended(lesson["id"])
    seats = day.seat_portals()
    cluster.signal("slurmctld", signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(40) as room:
            runs = list(room.map(_press, seats))
        assert len(runs) == 40
        time.sleep(12)  # longer than sbatch waits for an answer: one submission is in doubt now
        pressed = zip(seats, runs, strict=True)
        states = Counter(seat.get(f"/runs/{run}")["state"] for seat, run in pressed)
        assert set(states) <= {"waiting", "submitted"}
        assert day.lesson(lesson["id"])["slurm_age_s"] > 5
    finally:
        cluster.signal("slurmctld", signal.SIGCONT)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = [day.teacher.get(f"/runs/{run}") for run in runs]
        if not any(run["state"] in ALIVE for run in found):
            break
        time.sleep(0.5)
    assert Counter(run["state"] for run in found) == {"succeeded": 40}
    assert len({run["slurm_job"] for run in found}) == 40
    for run in found:
        claims = list(day.run_folder(run["id"]).glob("attempt-*"))
        assert [claim.name for claim in claims] == ["attempt-1"]


def _press(seat: Portal) -> str:
    started = seat.post("/runs", {"parameters": {"seconds": 1}})
    return str(started["id"])
