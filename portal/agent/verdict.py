"""What Slurm says and what the job says, joined into one state of a run. Pure.

Success needs both words. A job that left no word of its own, or that Slurm knows nothing of, is
lost, which a person sees and may retry; it is never taken for done.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from portal.results.status import Status
from portal.runs.changes import BY_TEACHER
from portal.runs.reasons import of_slurm
from portal.runs.states import RunState
from portal.scheduler import Phase, TaskStatus

# What each end in Slurm means for a run, apart from COMPLETED, FAILED and CANCELLED.
ENDS: Mapping[str, str] = {
    "TIMEOUT": "time-limit",
    "DEADLINE": "time-limit",
    "OUT_OF_MEMORY": "out-of-memory",
    "NODE_FAIL": "node-failed",
    "BOOT_FAIL": "node-failed",
    "LAUNCH_FAILED": "node-failed",
    "PREEMPTED": "preempted",
}


@dataclass(frozen=True)
class Verdict:
    """The state that a run should be shown in, and why."""

    state: RunState
    reason: str | None = None
    slurm_words: str | None = None


def of_live(task: TaskStatus) -> Verdict | None:
    """The verdict on a task that has not ended; None where nothing can be said yet."""
    words = _words(task)
    match task.state.phase:
        case Phase.PENDING:
            return Verdict(RunState.SUBMITTED, of_slurm(task.reason), words)
        case Phase.STARTING:
            return Verdict(RunState.SUBMITTED, "starting", words)
        case Phase.RUNNING:
            return Verdict(RunState.RUNNING)
        case Phase.PAUSED:
            return Verdict(RunState.RUNNING, "paused", words)
        case Phase.ENDING:
            return Verdict(RunState.FINISHING)
        case Phase.REVIVING:
            return Verdict(RunState.SUBMITTED, "requeued", words)
        case Phase.HELD:
            return Verdict(RunState.SUBMITTED, "held-by-staff", words)
    return None


def of_ended(
    task: TaskStatus, status: Status | None, *, asked: str | None, finishing: bool = False
) -> Verdict | None:
    """The verdict on a task that has ended in Slurm; None while the job's own word is missing.

    `asked` is the reason code of a cancellation that somebody asked the portal for; `finishing`:
    it was asked to finish now.
    """
    words, outcome = _words(task), task.state.outcome
    if outcome == "COMPLETED":
        if status is None:
            return None
        if status.verdict == "succeeded":
            return Verdict(RunState.SUCCEEDED)
        return Verdict(RunState.FAILED, status.reason or "program-error", words)
    if outcome == "CANCELLED":
        return Verdict(RunState.CANCELLED, asked or "cancelled-in-slurm", words)
    if outcome == "FAILED" and status is None and task.exit_signal == signal.SIGUSR1:
        # Told to finish before its program could hear it: by us, or by Slurm for who comes first.
        if asked or finishing:
            return Verdict(RunState.CANCELLED, asked or BY_TEACHER, words)
        return Verdict(RunState.FAILED, ENDS["PREEMPTED"], words)
    if outcome == "FAILED":
        own = status.reason if status is not None and status.verdict == "failed" else None
        return Verdict(RunState.FAILED, own or "program-error", words)
    if outcome is not None and outcome in ENDS:
        return Verdict(RunState.FAILED, ENDS[outcome], words)
    # REVOKED follows its sibling on another cluster; anything unheard-of is no end.
    return None


def lost(task: TaskStatus | None) -> Verdict:
    """The verdict when one of the two words never came."""
    return Verdict(RunState.LOST, "result-missing", _words(task) if task else None)


def _words(task: TaskStatus) -> str:
    """Slurm's own words about a task, for staff."""
    parts = [task.state.raw]
    if task.reason:
        parts.append(f"Reason={task.reason}")
    if task.exit_code is not None and task.state.ended:
        parts.append(f"ExitCode={task.exit_code}:{task.exit_signal or 0}")
    if task.node:
        parts.append(f"NodeList={task.node}")
    return " ".join(parts)
