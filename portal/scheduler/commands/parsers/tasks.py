"""Tasks, from squeue and sacct."""

from __future__ import annotations

import re
from collections.abc import Callable

from portal.scheduler.checks import NAME
from portal.scheduler.commands.parsers.words import Nonsense, is_number, number, seconds, word
from portal.scheduler.errors import Ambiguous, Unavailable
from portal.scheduler.protocol import NO_ARRAY, TaskStatus
from portal.scheduler.rows import Rows
from portal.scheduler.states import JobState, Phase, parse_state

ROW_FIELDS = 14
_JOB_ID = re.compile(r"([0-9]{1,19})(?:;[\w.-]+)?")
_HISTORY_ID = re.compile(
    r"([0-9]{1,19})(?:_(?:([0-9]{1,10})|\[([0-9,\-]*)(?:%[0-9]+)?\]))?(?:\+[0-9]+)?"
)
_MOST_TASKS = 4_000_001  # MaxArraySize cannot be set higher


def job_id(text: str) -> int:
    """What `sbatch --parsable` prints: the id and, in a multi-cluster site, the cluster."""
    match = _JOB_ID.fullmatch(text.strip())
    if match is None:
        raise Ambiguous(f"sbatch printed {text[:200]!r}")
    return int(match[1])


def queue(text: str) -> Rows:
    """squeue's rows in the order of `arguments.QUEUE_FORMAT`."""
    return _rows(text, _queue_row)


def history(text: str) -> Rows:
    """sacct's rows in the order of `arguments.HISTORY_FORMAT`; groups of tasks are taken apart."""
    return _rows(text, _history_row)


_RowReader = Callable[[list[str]], list[TaskStatus]]


def _rows(text: str, read: _RowReader) -> Rows:
    tasks: list[TaskStatus] = []
    unreadable = []
    understood = False
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            tasks += read(line.split("|", ROW_FIELDS - 1))
            understood = True
        except Nonsense:
            unreadable.append(line)
    if unreadable and not understood:
        raise Unavailable(f"Slurm printed {unreadable[0][:200]!r}")
    return Rows(tuple(tasks), tuple(unreadable))


def _queue_row(row: list[str]) -> list[TaskStatus]:
    if len(row) != ROW_FIELDS or not is_number(row[0]):
        raise Nonsense
    job, task, state_text, reason, node, account, *times = row[:10]
    exit_status, allocated, asked, name = row[10:]
    if not NAME.fullmatch(name):
        return []  # Not one of the portal's: the service user may have run it by hand.
    if task != "N/A" and not is_number(task):
        raise Nonsense
    state = parse_state(state_text)
    submitted, eligible, start, end = map(seconds, times)
    code, signal = _exit(state, exit_status)
    waits = state.phase in (Phase.PENDING, Phase.HELD, Phase.REVIVING)
    return [
        TaskStatus(
            name=name,
            job_id=number(job),
            task=number(task) if task != "N/A" else NO_ARRAY,
            state=state,
            reason=word(reason),
            node=word(node),
            account=word(account),
            submitted=submitted,
            eligible=eligible,
            expected_start=start if waits else None,
            # A task that is cancelled while it waits gets a start, but never a node.
            started=start if word(node) and not waits else None,
            ended=end if state.ended else None,
            exit_code=code,
            exit_signal=signal,
            gres=_resources(allocated, asked),
        )
    ]


def _history_row(row: list[str]) -> list[TaskStatus]:
    if len(row) != ROW_FIELDS:
        raise Nonsense
    identity, _raw, state_text, reason, node, account, *times = row[:10]
    exit_status, allocated, asked, name = row[10:]
    match = _HISTORY_ID.fullmatch(identity)
    if match is None:
        raise Nonsense
    if not NAME.fullmatch(name):
        return []
    state = parse_state(state_text)
    submitted, eligible, start, end = map(seconds, times)
    code, signal = _exit(state, exit_status)
    return [
        TaskStatus(
            name=name,
            job_id=int(match[1]),
            task=task,
            state=state,
            reason=word(reason),
            node=word(node),
            account=word(account),
            submitted=submitted,
            eligible=eligible,
            started=start if word(node) else None,
            ended=end if state.ended else None,
            exit_code=code,
            exit_signal=signal,
            gres=_resources(allocated, asked),
        )
        for task in _tasks(match)
    ]


def _tasks(match: re.Match[str]) -> list[int]:
    if match[2] is not None:
        return [int(match[2])]
    if match[3] is None:
        return [NO_ARRAY]
    found: list[int] = []
    for part in match[3].split(","):
        low, dash, high = part.partition("-")
        if not is_number(low) or (dash and not is_number(high)):
            raise Nonsense
        first, last = number(low), number(high or low)
        if last >= _MOST_TASKS or last < first:
            raise Nonsense
        found += range(first, last + 1)
    return found


def _exit(state: JobState, text: str) -> tuple[int | None, int | None]:
    """Exit code and signal of a task that has ended.

    sacct, and squeue from some version between 22.05 and 24.11 on, print "code:signal"; older
    squeues print the raw status of wait(2), the code in the high byte and the signal in the low.
    """
    if not state.ended:
        return None, None
    code, colon, signal = text.partition(":")
    if colon:
        return (number(code), number(signal) or None) if is_number(code) else (None, None)
    if not is_number(text):
        return None, None
    return (number(text) >> 8) & 0xFF, (number(text) & 0x7F) or None


def _resources(allocated: str, asked: str) -> str:
    """Generic resources as "gres/shard=1", also where a task's request is all there is."""
    listed = ",".join(part for part in allocated.split(",") if part.startswith("gres/"))
    return listed or re.sub(r"\bgres[:/]([^,]+):(\d+)", r"gres/\1=\2", word(asked))
