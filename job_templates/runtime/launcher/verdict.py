"""status.json: the job's own word about how it went, whatever happened to the program."""

from __future__ import annotations

import hashlib
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.failures import EnvironmentMissing, Failure, OutOfMemory, Stopped
from runtime.files import read_json, write_json
from runtime.launcher.task import CLAIM, Task

OUTCOME = "outcome.json"
STATUS = "status.json"
LONGEST_DETAIL = 500
BLOCK = 1 << 20


@dataclass(frozen=True)
class Ending:
    """How the child ended, as its parent saw it."""

    code: int
    """As subprocess gives it: below 0 is minus the signal."""
    last_line: str = ""
    killed_for_memory: bool = False
    stopped: bool = False
    environment_missing: bool = False


def write_status(task: Task, attempt: Path, started_at: float, ending: Ending) -> bool:
    """Joins the program's outcome.json with how it ended, durably; True = succeeded."""
    outcome = _object(attempt / OUTCOME)
    reason, detail = _reason(outcome, ending)
    artifacts = _artifacts(attempt / "artifacts", outcome.get("artifacts") or [])
    write_json(
        attempt / STATUS,
        {
            "version": 1,
            "run": task.run,
            "attempt": task.attempt,
            "job": task.job,
            "verdict": "succeeded" if reason is None else "failed",
            "reason": reason,
            "finished_early": bool(outcome.get("finished_early")),
            "exit_code": ending.code if ending.code >= 0 else 128 - ending.code,
            "metrics": outcome.get("metrics") or {},
            "started_at": started_at,
            "ended_at": time.time(),
            "setup_seconds": outcome.get("setup_seconds"),
            "train_seconds": outcome.get("train_seconds"),
            "steps": outcome.get("steps"),
            "detail": detail[:LONGEST_DETAIL],
            "artifacts": artifacts,
        },
        durable=True,
    )
    return reason is None


def report_late(task: Task) -> None:
    """Make the report of a requeued job whose first start was killed before it could.

    Slurm starts a job again when nothing of it runs any more; on a node that it cannot reach the
    first start may run on, and then it says the same. What the program said at its end stands, and
    without that there is nothing to report.
    """
    claimed = _object(task.place / CLAIM)
    ours = task.again and claimed.get("job_id") == task.job
    if ours and not (task.place / STATUS).exists() and _object(task.place / OUTCOME):
        write_status(task, task.place, float(claimed["started_at"]), Ending(code=0))


def _object(file: Path) -> dict[str, Any]:
    """What a file of JSON holds; nothing where it cannot be read."""
    try:
        found = read_json(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _reason(outcome: dict[str, Any], ending: Ending) -> tuple[str | None, str]:
    """The reason code, None for success, and a line for staff."""
    word = outcome.get("verdict")
    if word == "succeeded" and ending.code == 0:
        return None, ""
    if word == "failed":
        return str(outcome.get("reason") or Failure.reason), str(outcome.get("detail") or "")
    if ending.environment_missing:
        return EnvironmentMissing.reason, ending.last_line
    if ending.code < 0:
        name = signal.Signals(-ending.code).name
        detail = f"the program was killed by {name}; its last line: {ending.last_line}"
        if ending.code == -signal.SIGKILL and ending.killed_for_memory and not ending.stopped:
            return OutOfMemory.reason, detail
        if ending.code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
            return Stopped.reason, detail
        return Failure.reason, detail
    if ending.stopped:
        return Stopped.reason, ending.last_line
    if ending.code == 0:
        return Failure.reason, "the program ended without saying how it went"
    return Failure.reason, f"exit code {ending.code}: {ending.last_line}"


def _artifacts(folder: Path, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Size and hash of every file that the program says it left; links are no artifacts."""
    found = []
    for entry in listed:
        path = folder / str(entry.get("name"))
        inside = folder.resolve() in path.resolve().parents
        if inside and path.is_file() and not path.is_symlink():
            size, digest = _hash(path)
            name, kind = str(entry["name"]), str(entry.get("kind") or "file")
            found.append({"name": name, "kind": kind, "bytes": size, "sha256": digest})
    return found


def _hash(path: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            size += len(block)
            digest.update(block)
    return size, digest.hexdigest()
