"""The same forty programs started twice: by the portal, and by one plain `sbatch --array`.

Both begin with a clock at the moment of the request, and both end with files that the jobs write:
`claim.json` says when a seat's program was running, `status.json` when its result was there. So
neither way is slowed down by somebody asking Slurm how far it is.
"""

from __future__ import annotations

import json
import os
import pwd
import statistics
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stage import sdiag, slurm
from stage.checkout import SERVICE_USER, StageError
from stage.client import Portal
from stage.plan import ClusterPlan
from stage.school import SLURM_ACCOUNT

PATIENCE_S = 1800.0
LOOK_S = 0.25
# What the agent asks for too: portal/scheduler/commands/arguments.py.
OPTIONS = (
    "--parsable",
    "--no-requeue",
    "--output=slurm-%a.out",
    "--input=/dev/null",
    "--export=ALL",
    "--propagate=NONE",
    f"--account={SLURM_ACCOUNT}",
    "--partition=class",
    "--qos=class",
    "--gres=shard:1",
    "--nodes=1",
    "--ntasks=1",
    "--cpus-per-task=1",
    "--mem=2048M",
    "--time=40",
    "--signal=B:USR1@60",
)


@dataclass(frozen=True)
class Times:
    """Seconds from the request to four moments, and what slurmctld was asked meanwhile."""

    first_running_s: float
    median_running_s: float
    last_running_s: float
    last_result_s: float
    rpcs: int
    rpcs_of_user: int


def by_portal(
    plan: ClusterPlan, data_root: Path, teacher: Portal, body: Mapping[str, Any]
) -> tuple[Times, list[str]]:
    """A lesson launched by the teacher's POST; the times, and the ids of its runs."""
    sdiag.reset(plan)
    begun = time.time()
    lesson = teacher.post("/lessons", dict(body))
    runs = [seat["run"] for seat in lesson["seats"] if seat["run"]]
    times = _times(plan, [run_folder(data_root, run) for run in runs], begun)
    while teacher.get(f"/lessons/{lesson['id']}")["live"]:
        time.sleep(LOOK_S)  # the next lesson of the class waits for this one's last seat
    return times, runs


def by_sbatch(plan: ClusterPlan, data_root: Path, runs: Sequence[str]) -> Times:
    """One plain array of copies of these runs, with the options that the agent gives."""
    batch = data_root / "batches" / f"raw-{uuid.uuid4()}"
    batch.mkdir()
    programs = max((data_root / "programs").iterdir(), key=lambda path: path.stat().st_mtime)
    (batch / "program").symlink_to(f"../../programs/{programs.name}")
    folders = [_copy(data_root, run) for run in runs]
    tasks = {
        str(number): {"run": folder.name, "folder": os.path.relpath(folder, batch), "attempt": 1}
        for number, folder in enumerate(folders)
    }
    tasks_file = {"version": 1, "batch": batch.name, "tasks": tasks}
    (batch / "tasks.json").write_text(json.dumps(tasks_file))
    owner = pwd.getpwnam(SERVICE_USER)
    # The folder above is shared with the portal's runs, and may have been made just now.
    for folder in (batch, *folders, *{folder.parent for folder in folders}):
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    sdiag.reset(plan)
    begun = time.time()
    slurm.as_service_user(
        plan,
        [
            "sbatch",
            *OPTIONS,
            f"--job-name={batch.name}",
            f"--array=0-{len(runs) - 1}",
            f"--chdir={batch}",
            str(batch / "program" / "runtime" / "job.sh"),
        ],
    )
    return _times(plan, folders, begun)


def run_folder(data_root: Path, run_id: str) -> Path:
    return data_root / "runs" / run_id[:2] / run_id


def median(rounds: Sequence[Times]) -> Times:
    """The median round, figure by figure."""
    names = Times.__dataclass_fields__
    return Times(
        **{name: statistics.median(getattr(one, name) for one in rounds) for name in names}
    )


def _copy(data_root: Path, run_id: str) -> Path:
    """A run folder with the same program, data, parameters and seed, that has not run yet."""
    fresh = run_folder(data_root, str(uuid.uuid4()))
    fresh.mkdir(parents=True)
    described = json.loads((run_folder(data_root, run_id) / "run.json").read_text())
    (fresh / "run.json").write_text(json.dumps({**described, "run": fresh.name}))
    return fresh


def _times(plan: ClusterPlan, folders: Sequence[Path], begun: float) -> Times:
    ended = [_await(folder / "attempt-1" / "status.json", "ended_at", begun) for folder in folders]
    running = sorted(
        _await(folder / "attempt-1" / "claim.json", "started_at", begun) - begun
        for folder in folders
    )
    asked = sdiag.calls(plan)
    return Times(
        first_running_s=running[0],
        median_running_s=statistics.median(running),
        last_running_s=running[-1],
        last_result_s=max(ended) - begun,
        rpcs=asked.total,
        rpcs_of_user=asked.by_user.get(SERVICE_USER, 0),
    )


def _await(file: Path, field: str, begun: float) -> float:
    """A time that a job writes down; the file is whole or not there."""
    while True:
        try:
            found: Any = json.loads(file.read_text())
            return float(found[field])
        except FileNotFoundError:
            if time.time() - begun > PATIENCE_S:
                raise StageError(f"{file} was not written in {PATIENCE_S:.0f} s") from None
            time.sleep(LOOK_S)
