"""One thing asked again and again, by a way to Slurm or by hand, and what it cost everybody."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stage import daemons, processes, sdiag, services, slurm
from stage.bench import cost
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan
from stage.school import SLURM_ACCOUNT

PROGRAM = Path(__file__).parent / "programs" / "by_way.py"
SEATS = 40
RAW_OPTIONS = (
    "--parsable",
    "--hold",
    "--no-requeue",
    "--input=/dev/null",
    "--output=/dev/null",
    f"--account={SLURM_ACCOUNT}",
    "--partition=class",
    "--qos=class",
    "--gres=shard:1",
    "--nodes=1",
    "--ntasks=1",
    "--cpus-per-task=1",
    "--mem=100M",
    "--time=10",
)


@dataclass(frozen=True)
class Cost:
    """Of one poll or one submission: the median time, CPU by who used it, and questions."""

    ms: float
    cpu_ms: float
    slurmctld_cpu_ms: float
    slurmrestd_cpu_ms: float
    rpcs: float


@dataclass(frozen=True)
class Field:
    """Where the ways are compared, and how often each is asked."""

    plan: ClusterPlan
    ways: Mapping[str, Mapping[str, Any]]
    options: argparse.Namespace

    @property
    def script(self) -> Path:
        """A script in a folder that jobs could write in."""
        folder = self.plan.folder / "bench"
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, SERVICE_USER, SERVICE_USER)
        script = folder / "job.sh"
        script.write_text("#!/bin/sh\nexit 0\n")
        script.chmod(0o755)
        return script

    def sbatch(self, *more: str) -> list[str]:
        """What a person types for one of these jobs."""
        return ["sbatch", *RAW_OPTIONS, f"--chdir={self.script.parent}", *more, str(self.script)]


def _request(script: Path) -> dict[str, Any]:
    return {
        "tasks": SEATS,
        "script": str(script),
        "workdir": str(script.parent),
        "output": "slurm-%a.out",
        "account": SLURM_ACCOUNT,
        "partition": "class",
        "qos": "class",
        "gres": "shard:1",
        "cpus": 1,
        "memory_mb": 100,
        "minutes": 10,
        "hold": True,
    }


def by_way(field: Field, name: str, what: str, rounds: int) -> tuple[int, Cost]:
    plan, slurm = field.plan, field.ways[name]
    wanted = {"slurm": slurm, "what": what, "rounds": rounds, "request": _request(field.script)}
    with subprocess.Popen(
        [str(services.PYTHON_BIN / "python"), str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=daemons.environment(plan),
        user=SERVICE_USER,
        group=SERVICE_USER,
        extra_groups=[],
        cwd="/",
    ) as program:
        if program.stdin is None or program.stdout is None:
            raise StageError("the program has no pipes")
        program.stdin.write(json.dumps(wanted) + "\n")
        program.stdin.flush()
        if program.stdout.readline() != "ready\n":
            raise StageError(f"{slurm['backend']}: the program ended")
        head = processes.read_process(program.pid)
        if head is None:
            raise StageError(f"{slurm['backend']}: the program has gone")
        family = processes.with_descendants([head], processes.all_processes())
        measure = _Measure(plan, lambda: sum(map(cost.of_process_s, family)))
        program.stdin.write("go\n")
        program.stdin.flush()
        told = json.loads(program.stdout.readline() or "{}")
        if not told:
            raise StageError(f"{slurm['backend']}: the program ended")
        # It is still there, and what it used can be read, until its standard input is closed.
        return told["tasks"], measure.cost(told["seconds"])


def by_hand(plan: ClusterPlan, command: Sequence[str], rounds: int) -> Cost:
    """A command as a person types it, again and again."""

    def used_s() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    slurm.as_service_user(plan, command)
    measure = _Measure(plan, used_s)
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        slurm.as_service_user(plan, command)
        seconds.append(time.perf_counter() - begun)
    return measure.cost(seconds)


class _Measure:
    """Counts from its making on; made after everything is warm."""

    def __init__(self, plan: ClusterPlan, used_s: Callable[[], float]) -> None:
        self._plan, self._mine = plan, used_s
        there = daemons.running(plan)
        self._daemons = [there[name] for name in ("slurmctld", "slurmrestd")]
        sdiag.reset(plan)
        self._before = self._used()

    def cost(self, seconds: Sequence[float]) -> Cost:
        mine, slurmctld, slurmrestd = (
            after - before for after, before in zip(self._used(), self._before, strict=True)
        )
        rounds = len(seconds)
        return Cost(
            ms=round(1000 * statistics.median(seconds), 2),
            cpu_ms=round(1000 * mine / rounds, 2),
            slurmctld_cpu_ms=round(1000 * slurmctld / rounds, 2),
            slurmrestd_cpu_ms=round(1000 * slurmrestd / rounds, 2),
            rpcs=round(sdiag.calls(self._plan).by_user.get(SERVICE_USER, 0) / rounds, 2),
        )

    def _used(self) -> tuple[float, float, float]:
        slurmctld, slurmrestd = map(cost.of_process_s, self._daemons)
        return self._mine(), slurmctld, slurmrestd
