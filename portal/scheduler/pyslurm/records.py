"""Rows of the worker's queue become tasks. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.scheduler.commands.parsers.words import Nonsense, word
from portal.scheduler.protocol import NO_ARRAY, TaskStatus
from portal.scheduler.pyslurm.wire import TASK_FIELDS
from portal.scheduler.rows import Rows
from portal.scheduler.states import JobState, Phase, parse_state

# libslurm writes a regular list as "0-38:2" (slurm_xlate_task_str in job_info.c).
_RANGE = re.compile(r"(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?")
_WAITING = (Phase.PENDING, Phase.HELD, Phase.REVIVING)


def queue(answer: Mapping[str, Any]) -> Rows:
    """What `worker.Calls.queue` tells."""
    tasks: list[TaskStatus] = []
    unreadable = list(map(str, answer["unreadable"]))
    for row in answer["tasks"]:
        try:
            tasks += _read(row)
        except (Nonsense, ValueError, TypeError, AttributeError):
            unreadable.append(repr(row))
    return Rows(tuple(tasks), tuple(unreadable))


def _read(row: Sequence[Any]) -> list[TaskStatus]:
    job = dict(zip(TASK_FIELDS, row, strict=True))
    state = parse_state(job["state"] or "")
    waits = state.phase in _WAITING
    node = word(job["allocated_nodes"] or "")
    start = _seconds(job["start_time"])
    return [
        TaskStatus(
            name=job["name"],
            job_id=int(job["array_id"] or job["id"]),
            task=task,
            state=state,
            reason=word(job["state_reason"] or ""),
            node=node,
            account=job["account"] or "",
            submitted=_seconds(job["submit_time"]),
            eligible=_seconds(job["eligible_time"]),
            expected_start=start if waits else None,
            # A task that is cancelled while it waits gets a start, but never a node.
            started=start if node and not waits else None,
            ended=_seconds(job["end_time"]) if state.ended else None,
            exit_code=job["exit_code"] if state.ended else None,
            exit_signal=(job["exit_code_signal"] or None) if state.ended else None,
            gres=_resources(job["gres_per_node"] or {}),
        )
        for task in _tasks(job, state, node)
    ]


def _tasks(job: Mapping[str, Any], state: JobState, node: str) -> list[int]:
    """The numbers of the tasks that one record of Slurm's stands for.

    pyslurm says None for "no number", and for the number 0 as well. A record that ended without
    ever having had a node is the one that Slurm keeps for a whole array; any other is task 0.
    """
    if job["array_id"] is None:
        return [NO_ARRAY]
    if job["array_tasks_waiting"]:
        return _listed(job["array_tasks_waiting"])
    if job["array_task_id"] is not None:
        return [int(job["array_task_id"])]
    return [NO_ARRAY] if state.ended and not node else [0]


def _listed(text: str) -> list[int]:
    """The numbers of "0-3,7,10-20:2"; `Nonsense` for a list that was cut short."""
    found: list[int] = []
    for part in text.strip("[]").split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise Nonsense
        first = int(match[1])
        found += range(first, int(match[2] or first) + 1, int(match[3] or 1))
    return found


def _seconds(moment: Any) -> float | None:
    return None if moment is None else float(moment)


def _resources(gres: Mapping[str, Any]) -> str:
    """What is asked for on the one node of a task, which is also what it gets: "gres/shard=1".

    The key has a prefix of its own from some Slurm after 22.05 on ("gres/shard").
    """
    return ",".join(f"gres/{key.removeprefix('gres/')}={count}" for key, count in gres.items())
