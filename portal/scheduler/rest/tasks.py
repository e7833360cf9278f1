"""Tasks, from slurmctld's jobs and from slurmdbd's. Pure: JSON in, data out.

A record that makes no sense is handed back beside the others, as in the parsers of Slurm's
commands: one odd job must not blind the portal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from portal.scheduler.checks import NAME
from portal.scheduler.protocol import NO_ARRAY, TaskStatus
from portal.scheduler.rest.payload import inside, moment, number, table, text, words
from portal.scheduler.rest.versions import Version
from portal.scheduler.rows import Rows
from portal.scheduler.states import JobState, Phase, parse_state

_MOST_TASKS = 4_000_001  # MaxArraySize cannot be set higher
_RANGE = re.compile(r"(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?", re.ASCII)
# How slurmdbd keeps tasks that wait together, which slurmrestd hands on: 0x30 is 4 and 5.
_BITS = re.compile(rf"0x([0-9a-fA-F]{{1,{_MOST_TASKS // 4 + 1}}})(?:%\d+)?", re.ASCII)
_NOTHING = frozenset({"None", "N/A", "(null)", "None assigned"})


class _Nonsense(ValueError):
    """This record is not what was asked for."""


def queue(jobs: object, user: str) -> Rows:
    """slurmctld's jobs, of one user. v0.0.38 has no filter, so everybody's are in the answer."""
    tasks: list[TaskStatus] = []
    unreadable: list[str] = []
    for job in jobs if isinstance(jobs, list) else []:
        try:
            tasks += _queued(job, user)
        except _Nonsense:
            unreadable.append(_shown(job))
    return Rows(tuple(tasks), tuple(unreadable))


def history(jobs: object, user: str, version: Version) -> Rows:
    """slurmdbd's jobs, of one user."""
    tasks: list[TaskStatus] = []
    unreadable: list[str] = []
    for job in jobs if isinstance(jobs, list) else []:
        try:
            tasks += _remembered(job, user, version)
        except _Nonsense:
            unreadable.append(_shown(job))
    return Rows(tuple(tasks), tuple(unreadable))


def _queued(job: object, user: str) -> list[TaskStatus]:
    if not isinstance(job, dict):
        raise _Nonsense
    name, owner = job.get("name"), job.get("user_name")
    if not isinstance(name, str) or not isinstance(owner, str):
        raise _Nonsense
    if owner != user or not NAME.fullmatch(name):
        return []
    job_id = number(job.get("job_id"))
    state = _state(job.get("job_state"))
    if job_id is None or state is None:
        raise _Nonsense
    node = _word(job.get("nodes"))
    code, signal = _exit(state, job.get("exit_code"))
    waits = state.phase in (Phase.PENDING, Phase.HELD, Phase.REVIVING)
    start = moment(job.get("start_time"))
    allocated, asked = text(job.get("tres_alloc_str")), text(job.get("tres_per_node"))
    return [
        TaskStatus(
            name=name,
            job_id=number(job.get("array_job_id")) or job_id,
            task=task,
            state=state,
            reason=_word(job.get("state_reason")),
            node=node,
            account=text(job.get("account")),
            submitted=moment(job.get("submit_time")),
            eligible=moment(job.get("eligible_time")),
            expected_start=start if waits else None,
            # A task that is cancelled while it waits gets a start, but never a node.
            started=start if node and not waits else None,
            ended=moment(job.get("end_time")) if state.ended else None,
            exit_code=code,
            exit_signal=signal,
            gres=_gres(allocated) or _gres(asked),
        )
        for task in _numbers(job)
    ]


def _remembered(job: object, user: str, version: Version) -> list[TaskStatus]:
    if not isinstance(job, dict):
        raise _Nonsense
    # From v0.0.43 on the association says not who it is of; every version says whose the job is.
    name, owner = job.get("name"), job.get("user")
    if not isinstance(name, str) or not isinstance(owner, str):
        raise _Nonsense
    if owner != user or not NAME.fullmatch(name):
        return []
    job_id = number(job.get("job_id"))
    state = _state(inside(job, "state", "current"))
    if job_id is None or state is None:
        raise _Nonsense
    array = table(job.get("array"))
    node = _word(job.get("nodes"))
    code, signal = _exit(state, job.get("exit_code"))
    if not version.tells_exit:
        code, signal = (0 if state.succeeded else None), None
    times = job.get("time")
    return [
        TaskStatus(
            name=name,
            job_id=number(array.get("job_id")) or job_id,
            task=task,
            state=state,
            reason=_word(inside(job, "state", "reason")),
            node=node,
            account=text(job.get("account")),
            submitted=moment(inside(times, "submission")),
            eligible=moment(inside(times, "eligible")),
            started=moment(inside(times, "start")) if node else None,
            ended=moment(inside(times, "end")) if state.ended else None,
            exit_code=code,
            exit_signal=signal,
            gres=_allocated(inside(job, "tres", "allocated")),
        )
        for task in _numbers(
            {
                "array_job_id": array.get("job_id"),
                "array_task_id": array.get("task_id"),
                "array_task_string": array.get("task"),
            }
        )
    ]


def _state(value: object) -> JobState | None:
    """ "RUNNING", or ["RUNNING", "COMPLETING"] from v0.0.40 on."""
    names = words(value)
    return parse_state(",".join(names)) if names else None


def _numbers(job: Mapping[str, Any]) -> list[int]:
    """The tasks that a record stands for: one, or all of an array that still wait together.

    A list that was cut short ("0-2,5-...") is nonsense, because who is missing would look gone:
    slurmrestd cuts at 64 characters unless SLURM_BITSTR_LEN=0 is in its environment.
    """
    single = number(job.get("array_task_id"))
    listed = text(job.get("array_task_string"))
    if not number(job.get("array_job_id")):
        return [NO_ARRAY]
    if single is not None and not listed:
        return [single] if 0 <= single < _MOST_TASKS else [NO_ARRAY]
    if not listed:
        return [NO_ARRAY]
    bits = _BITS.fullmatch(listed)
    if bits is not None:
        digits = reversed(f"{int(bits[1], 16):b}")
        return [task for task, digit in enumerate(digits) if digit == "1"]
    found: list[int] = []
    for part in listed.partition("%")[0].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise _Nonsense
        low, high, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
        if high >= _MOST_TASKS or high < low or step < 1:
            raise _Nonsense
        found += range(low, high + 1, step)
    return found


def _exit(state: JobState, value: object) -> tuple[int | None, int | None]:
    """Exit code and signal of a task that has ended.

    v0.0.38 gives the raw status of wait(2), the code in the high byte and the signal in the low.
    """
    if not state.ended:
        return None, None
    raw = number(value) if not isinstance(value, dict) or "return_code" not in value else None
    if raw is not None:
        return (raw >> 8) & 0xFF, (raw & 0x7F) or None
    return number(inside(value, "return_code")), number(inside(value, "signal", "id")) or None


def _word(value: object) -> str:
    word = text(value)
    return "" if word in _NOTHING else word


def _gres(listed: str) -> str:
    """Generic resources as "gres/shard=1", from an allocation or from a request."""
    parts = [part for part in listed.split(",") if part.startswith(("gres/", "gres:"))]
    return re.sub(r"\bgres[:/]([^,=]+):(\d+)(?=,|$)", r"gres/\1=\2", ",".join(parts))


def _allocated(value: object) -> str:
    """Generic resources as "gres/shard=1", from a list of {"type", "name", "count"}."""
    found = []
    for item in value if isinstance(value, list) else []:
        count = number(inside(item, "count"))
        if inside(item, "type") == "gres" and text(inside(item, "name")) and count:
            found.append(f"gres/{text(inside(item, 'name'))}={count}")
    return ",".join(found)


def _shown(job: object) -> str:
    """A record for staff, cut short."""
    return json.dumps(job, ensure_ascii=True, default=repr)[:300]
