"""What Slurm has of the service user's, and how a benchmark gets rid of it."""

from __future__ import annotations

import subprocess
import time

from stage import daemons
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan

PATIENCE_S = 120.0


def tasks(plan: ClusterPlan) -> list[tuple[str, str]]:
    """Name of the job and number of the task, of everything that waits or runs."""
    said = _slurm(plan, "squeue", "--array", "--noheader", "--format=%j %K", *_OURS)
    return [(name, task) for name, _, task in (line.partition(" ") for line in said.splitlines())]


def clear(plan: ClusterPlan) -> None:
    """Cancel everything, and return when Slurm has nothing left."""
    _slurm(plan, "scancel", *_OURS)
    deadline = time.monotonic() + PATIENCE_S
    while _slurm(plan, "squeue", "--noheader", "--format=%A", *_OURS).strip():
        if time.monotonic() > deadline:
            raise StageError("jobs of the benchmark do not end")
        time.sleep(0.5)


def drain(plan: ClusterPlan) -> None:
    """Let no job start: what is measured is how they get into the queue."""
    nodes = f"nodename={','.join(plan.node_names)}"
    _slurm(plan, "scontrol", "update", nodes, "state=drain", "reason=benchmark")


def resume(plan: ClusterPlan) -> None:
    """Let jobs start again."""
    _slurm(plan, "scontrol", "update", f"nodename={','.join(plan.node_names)}", "state=resume")


_OURS = (f"--user={SERVICE_USER}",)


def _slurm(plan: ClusterPlan, *command: str) -> str:
    done = subprocess.run(
        command,
        env=daemons.environment(plan),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    if done.returncode != 0:
        raise StageError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout
