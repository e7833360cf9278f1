"""What Slurm's accounting says of jobs that have ended: the second opinion on every lesson."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from stage import slurm
from stage.plan import ClusterPlan

# slurmctld tells slurmdbd in bundles; this much later every end has arrived.
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Record:
    """One task of an array: `job` is as Slurm's commands name it (`12_7`), `name` its array's."""

    job: str
    name: str
    state: str
    account: str
    tres: str

    @property
    def completed(self) -> bool:
        """Ended well, on shares of a GPU."""
        return self.state == "COMPLETED" and "gres/shard" in self.tres


def of_jobs(plan: ClusterPlan, jobs: Collection[str]) -> dict[str, Record]:
    """Accounting's records of these jobs, asked again until each has ended or patience has."""
    if not jobs:
        return {}
    arrays = sorted({job.partition("_")[0] for job in jobs})
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = {record.job: record for record in _ask(plan, f"--jobs={','.join(arrays)}")}
        ended = [job for job in jobs if job in found and found[job].state not in _ALIVE]
        if len(ended) == len(jobs) or time.monotonic() > deadline:
            return {job: found[job] for job in jobs if job in found}
        time.sleep(0.5)


def of_names(plan: ClusterPlan, names: Collection[str]) -> list[Record]:
    """Every record of the arrays with these names, duplicates of an id included."""
    return _ask(plan, f"--name={','.join(names)}", "--duplicates")


_ALIVE = {"PENDING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED"}


def _ask(plan: ClusterPlan, *which: str) -> list[Record]:
    command = [
        "sacct",
        "--allocations",
        "--noheader",
        "--parsable2",
        "--allusers",
        "--starttime=now-1days",
        "--format=JobID,JobName,State,Account,AllocTRES",
        *which,
    ]
    rows = (line.split("|") for line in slurm.as_root(plan, command).splitlines())
    # "CANCELLED by 0": the first word is the state.
    return [Record(job, name, state.split()[0], *rest) for job, name, state, *rest in rows]
