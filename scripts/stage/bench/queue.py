"""What Slurm has of the service user's, and how a benchmark gets rid of it."""

from __future__ import annotations

import time

from stage import slurm
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan

PATIENCE_S = 120.0


def tasks(plan: ClusterPlan) -> list[tuple[str, str]]:
    """Name of the job and number of the task, of everything that waits or runs."""
    said = slurm.as_root(plan, ["squeue", "--array", "--noheader", "--format=%j %K", _OURS])
    return [(name, task) for name, _, task in (line.partition(" ") for line in said.splitlines())]


def clear(plan: ClusterPlan) -> None:
    """Cancel everything, and return when Slurm has nothing left."""
    slurm.as_root(plan, ["scancel", _OURS])
    deadline = time.monotonic() + PATIENCE_S
    while slurm.as_root(plan, ["squeue", "--noheader", "--format=%A", _OURS]).strip():
        if time.monotonic() > deadline:
            raise StageError("jobs of the benchmark do not end")
        time.sleep(0.5)


def drain(plan: ClusterPlan) -> None:
    """Let no job start: what is measured is how they get into the queue."""
    nodes = f"nodename={','.join(plan.node_names)}"
    slurm.as_root(plan, ["scontrol", "update", nodes, "state=drain", "reason=benchmark"])


def resume(plan: ClusterPlan) -> None:
    """Let jobs start again."""
    nodes = f"nodename={','.join(plan.node_names)}"
    slurm.as_root(plan, ["scontrol", "update", nodes, "state=resume"])


_OURS = f"--user={SERVICE_USER}"
