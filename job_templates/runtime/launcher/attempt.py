"""One attempt from claim to verdict."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from runtime.failures import EnvironmentMissing, Failure, reason_of
from runtime.files import write_json
from runtime.launcher.child import Child
from runtime.launcher.environment import MODULE_MISSING, command_for, variables_for
from runtime.launcher.log import CappedLog
from runtime.launcher.memory import kills_so_far
from runtime.launcher.task import NoTask, Task, claim, find_task, read_run
from runtime.launcher.verdict import OUTCOME, Ending, report_late, write_status

TEMPLATES = Path(__file__).resolve().parents[2]


def run_task(batch: Path) -> int:
    """Does what this job is for; returns its exit code, 0 only for success.

    A second copy of an attempt (a requeue, a submission done twice) begins nothing and ends with
    0: the copy that holds the claim reports. Where that was this same job before Slurm requeued
    it, and its program had come to its end, the report is made now.
    """
    started_at = time.time()
    try:
        task = find_task(batch, os.environ)
        attempt = claim(task)
    except (NoTask, OSError) as error:
        print(f"kesuan: {error}", file=sys.stderr)
        return 1
    if attempt is None:
        print(f"kesuan: attempt {task.attempt} of run {task.run} is taken; nothing to do")
        report_late(task)
        return 0
    # Between here and the program's start a signal must not kill this process unheard.
    early = _EarlySignals()
    try:
        ending = _run_program(task, attempt, started_at, early)
    except Exception as error:
        reason, detail = reason_of(error)
        write_json(attempt / OUTCOME, {"verdict": "failed", "reason": reason, "detail": detail})
        ending = Ending(code=1)
    return 0 if write_status(task, attempt, started_at, ending) else 1


class _EarlySignals:
    """Remembers the signals that come before there is a child to pass them to."""

    def __init__(self) -> None:
        self._seen: dict[int, bool] = {}
        for number in (signal.SIGUSR1, signal.SIGTERM):
            signal.signal(number, lambda received, _frame: self._seen.update({received: True}))

    def pass_on(self) -> None:
        """Gives them to the handlers that are there now."""
        for number in self._seen:
            os.kill(os.getpid(), number)


def _run_program(task: Task, attempt: Path, started_at: float, early: _EarlySignals) -> Ending:
    run = read_run(task)
    (attempt / "artifacts").mkdir()
    program = _program(run)
    share: dict[str, Any] = run.get("share") or {}
    environment: dict[str, Any] = run.get("environment") or {}
    arguments = [str(program), "--run", str(task.folder / "run.json"), "--out", str(attempt)]
    arguments += ["--launched-at", repr(started_at)]
    data = (task.folder / str((run.get("data") or {}).get("folder", "."))).resolve()
    folders = {TEMPLATES: False, data: False, task.folder: True}
    command = command_for(environment, arguments, folders, bool(share.get("eighths")))
    scratch = Path(tempfile.mkdtemp(prefix="kesuan-"))
    log = CappedLog(attempt / "log.txt")
    kills = kills_so_far()
    try:
        variables = variables_for(os.environ, int(share.get("cores") or 1), scratch)
        try:
            child = Child(command, attempt, variables, log)
        except OSError as error:
            raise EnvironmentMissing(f"{command[0]}: {error.strerror}") from error
        early.pass_on()
        code = child.wait()
    finally:
        log.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return Ending(
        code=code,
        last_line=log.last_line(),
        killed_for_memory=kills_so_far() > kills,
        stopped=child.stopped,
        environment_missing=environment.get("kind") == "modules" and code == MODULE_MISSING,
    )


def _program(run: dict[str, Any]) -> Path:
    """The program's file below this copy of the templates, and nowhere else."""
    program = (TEMPLATES / str(run.get("program"))).resolve()
    if TEMPLATES not in program.parents or not program.is_file():
        raise Failure(f"there is no program {run.get('program')!r} in this copy of the templates")
    return program
