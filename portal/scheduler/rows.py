"""Answers in rows, which every backend reads the same way. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portal.scheduler.protocol import TaskStatus

EARLIEST_S = 1_000_000_000
"""The beginning of time (2001) for questions about the past. sacct takes no time before
uts1000000 (parse_time.c), and slurmrestd 22.05 none near the epoch's beginning."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The tasks of an answer, and the rows of it that could not be read."""

    tasks: tuple[TaskStatus, ...]
    unreadable: tuple[str, ...]


def newest(tasks: Collection[TaskStatus]) -> list[TaskStatus]:
    """Of several records of one task (requeued, or an id given out twice) the last."""
    found: dict[tuple[str, int], TaskStatus] = {}
    for status in sorted(tasks, key=lambda s: (s.submitted or 0, s.started or 0, s.job_id)):
        found[status.name, status.task] = status
    return list(found.values())


def since_uts(moment: float) -> str:
    """A moment as Slurm reads it in every time zone, no earlier than it can read one."""
    return f"uts{max(EARLIEST_S, int(moment))}"
