"""The contract's `World` on a real Slurm."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.scheduler import ArrayRequest, Scheduler
from tests.conftest import Cluster
from tests.scheduler.contract import new_name

PATIENCE_S = 60

# Ends well on the signal, as a template's program does.
PROGRAM = """#!/bin/bash
exec /usr/bin/python3 -I -c '
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(0))
time.sleep({seconds})
sys.exit({exit_code})'
"""


@dataclass
class LiveWorld:
    cluster: Cluster
    scheduler: Scheduler
    staff: Scheduler
    folder: Path

    open_account = "school1"
    small_account = "school2"
    closed_account = "closed"
    shares = 32
    license = "xedu"

    def request(
        self, tasks: int = 1, *, seconds: float = 0.2, exit_code: int = 0, **changes: Any
    ) -> ArrayRequest:
        name = new_name()
        workdir = self.folder / name
        workdir.mkdir()
        shutil.chown(workdir, "kesuan", "kesuan")
        script = workdir / "job.sh"
        script.write_text(PROGRAM.format(seconds=seconds, exit_code=exit_code))
        plain: dict[str, Any] = {
            "script": script,
            "output": "slurm-%a.out",
            "account": self.open_account,
            "partition": "class",
            "gres": "shard:1",
            "cpus": 1,
            "memory_mb": 100,
            "minutes": 5,
        }
        return ArrayRequest(name=name, tasks=tasks, workdir=workdir, **(plain | changes))

    def until(self, condition: Callable[[], bool]) -> None:
        patience = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > patience:
                pytest.fail(f"it did not come to that within {PATIENCE_S} s")
            time.sleep(0.1)

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    @property
    def now(self) -> float:
        return time.time()
