"""Which run this job is: the array's task number, looked up in the batch's tasks.json."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.files import read_json, write_json

CLAIM = "claim.json"


class NoTask(Exception):
    """The batch's folder does not say what this job should do; nothing can be reported."""


@dataclass(frozen=True)
class Task:
    """One attempt at one run, and the Slurm job that makes it, for the first time or `again`."""

    run: str
    folder: Path
    attempt: int
    job: str
    again: bool = False

    @property
    def place(self) -> Path:
        """The attempt's folder, whoever has made it."""
        return self.folder / f"attempt-{self.attempt}"


def find_task(batch: Path, environ: Mapping[str, str]) -> Task:
    """The task of this job.

    Raises:
        NoTask: tasks.json or Slurm's variables are not there or make no sense.
    """
    number = environ.get("SLURM_ARRAY_TASK_ID", "")
    array = environ.get("SLURM_ARRAY_JOB_ID", environ.get("SLURM_JOB_ID", ""))
    if not number.isdigit() or not array.isdigit():
        raise NoTask("SLURM_ARRAY_TASK_ID and SLURM_ARRAY_JOB_ID are not set")
    try:
        entry: Any = read_json(batch / "tasks.json")["tasks"][number]
        return Task(
            run=str(entry["run"]),
            folder=(batch / str(entry["folder"])).resolve(),
            attempt=int(entry["attempt"]),
            job=f"{array}_{number}",
            # https://slurm.schedmd.com/sbatch.html#OPT_SLURM_RESTART_COUNT
            again=environ.get("SLURM_RESTART_COUNT", "0") != "0",
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoTask(f"tasks.json has no usable task {number}: {error!r}") from error


def claim(task: Task) -> Path | None:
    """Makes the attempt's folder, or None when another copy of the attempt already has it.

    mkdir is atomic on every shared file system: of two copies exactly one goes on.
    """
    attempt = task.place
    try:
        attempt.mkdir()
    except FileExistsError:
        return None
    write_json(
        attempt / CLAIM,
        {"job_id": task.job, "host": socket.gethostname(), "started_at": time.time()},
    )
    return attempt


def read_run(task: Task) -> dict[str, Any]:
    """The run's run.json.

    Raises:
        ValueError: it cannot be read or is not for this run.
    """
    try:
        run: Any = read_json(task.folder / "run.json")
    except (OSError, json.JSONDecodeError) as error:
        raise ValueError(f"run.json cannot be read: {error}") from error
    if not isinstance(run, dict) or run.get("version") != 1 or run.get("run") != task.run:
        raise ValueError("run.json is not of version 1 or not of this run")
    return run
