"""What keeper and worker say to each other: one JSON object a line, of limited length.

The keeper asks `{"id": 1, "call": "queue", "with": {…}}`; the worker answers
`{"id": 1, "result": …}` or `{"id": 1, "refused": {"kind": …, "words": …}}`. Before all that it
greets with `Greeting`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

REQUEST_BYTES = 32 * 1024
"""Half of what a pipe holds on Linux, so that asking never blocks (pipe(7))."""

ANSWER_BYTES = 64 * 1024 * 1024
"""Some 200,000 tasks; 3,600 take about 1 MiB."""

TASK_FIELDS = (
    "id",
    "name",
    "array_id",
    "array_task_id",
    "array_tasks_waiting",
    "state",
    "state_reason",
    "allocated_nodes",
    "account",
    "submit_time",
    "eligible_time",
    "start_time",
    "end_time",
    "exit_code",
    "exit_code_signal",
    "gres_per_node",
)
"""The attributes of pyslurm.Job that a row of the queue is made of, in this order."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a worker says when it has come up: pyslurm's release, and the Slurm it is built for."""

    pyslurm: str
    slurm: str


def line(message: dict[str, Any]) -> bytes:
    """A message as it goes over the pipe."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def message(raw: bytes) -> dict[str, Any]:
    """A message as it came over the pipe; raises `ValueError`."""
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - its maker is not our caller
    return found
