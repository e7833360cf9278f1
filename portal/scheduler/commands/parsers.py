"""What Slurm's commands print becomes plain data. Pure: text in, data out.

A whole answer that makes no sense raises `Unavailable`, because a question without a readable
answer has no answer. One row that makes no sense is handed back beside the others: somebody's job
name with a newline in it must not blind the portal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from portal.scheduler.checks import NAME
from portal.scheduler.errors import Ambiguous, Unavailable
from portal.scheduler.gres import in_use, parse_gres
from portal.scheduler.protocol import (
    NO_ARRAY,
    AccountStatus,
    NodeState,
    NodeStatus,
    Site,
    TaskStatus,
)
from portal.scheduler.states import Phase, parse_state

ROW_FIELDS = 14
_NOTHING = frozenset({"", "N/A", "n/a", "None", "Unknown", "(null)", "None assigned", "NONE"})
_JOB_ID = re.compile(r"(\d{1,19})(?:;[\w.-]+)?")
_HISTORY_ID = re.compile(r"(\d{1,19})(?:_(?:(\d{1,10})|\[([\d,\-]*)(?:%\d+)?\]))?(?:\+\d+)?")
_MOST_TASKS = 4_000_001  # MaxArraySize cannot be set higher


@dataclass(frozen=True, slots=True)
class Rows:
    """The tasks of an answer, and the lines of it that could not be read."""

    tasks: tuple[TaskStatus, ...]
    unreadable: tuple[str, ...]


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


def newest(tasks: Collection[TaskStatus]) -> list[TaskStatus]:
    """Of several records of one task (requeued, or an id given out twice) the last."""
    found: dict[tuple[str, int], TaskStatus] = {}
    for status in sorted(tasks, key=lambda s: (s.submitted or 0, s.started or 0, s.job_id)):
        found[status.name, status.task] = status
    return list(found.values())


def nodes(text: str) -> list[NodeStatus]:
    """`scontrol --details --oneliner show nodes`."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines == ["No nodes in the system"]:
        return []
    return [_node(line) for line in lines]


def accounts(text: str, user: str) -> list[AccountStatus]:
    """`sacctmgr show assoc` with a header; `user` is the one whose associations count."""
    lines = text.splitlines()
    if not lines:
        raise Unavailable("sacctmgr printed nothing")
    header = lines[0].split("|")
    if not {"Account", "User", "QOS"} <= set(header):
        raise Unavailable(f"sacctmgr printed {lines[0][:200]!r}")
    known: dict[str, AccountStatus] = {}
    allowed: dict[str, dict[str, str]] = {}
    for line in lines[1:]:
        row = dict(zip(header, line.split("|"), strict=False))
        limits = {
            key: row[key] for key in header if key.startswith(("Grp", "Max")) and row.get(key)
        }
        name = row.get("Account", "")
        if row.get("User") == user:
            allowed.setdefault(name, {}).update(row)
        elif not row.get("User") and name:
            known[name] = AccountStatus(name, row.get("ParentName", ""), False, (), limits)
    return [
        AccountStatus(
            account.name,
            account.parent,
            account.name in allowed,
            tuple(filter(None, allowed.get(account.name, {}).get("QOS", "").split(","))),
            account.limits,
        )
        for account in known.values()
    ]


def site(text: str) -> Site:
    """`scontrol show config`."""
    found = dict(re.findall(r"^(\w+)\s*= ?(.*)$", text, re.MULTILINE))
    if "SLURM_VERSION" not in found:
        raise Unavailable(f"scontrol printed {text[:200]!r}")

    def words(key: str) -> tuple[str, ...]:
        listed = found.get(key, "").strip().split(",")
        return tuple(word for word in listed if word not in _NOTHING and word != "none")

    def number(key: str) -> int:
        match = re.match(r"\d{1,18}", found.get(key, ""))
        return int(match[0]) if match else 0

    controllers = re.findall(r"^Slurmctld\(\w+\) at .* is (\w+)$", text, re.MULTILINE)
    return Site(
        version=found["SLURM_VERSION"].strip(),
        cluster=found.get("ClusterName", "").strip(),
        tres=words("AccountingStorageTRES"),
        enforce=words("AccountingStorageEnforce"),
        gres_types=words("GresTypes"),
        min_job_age_s=number("MinJobAge"),
        message_timeout_s=number("MessageTimeout"),
        max_array_size=number("MaxArraySize"),
        controllers_up="UP" in controllers,
    )


def version(text: str) -> str:
    """`sbatch --version`: "slurm-wlm 22.05.8" on Debian, "slurm 24.11.5" elsewhere."""
    match = re.fullmatch(r"\S+ (\d+\.\d+\S*)", text.strip())
    if match is None:
        raise Unavailable(f"sbatch printed {text[:200]!r}")
    return match[1]


_RowReader = Callable[[list[str]], list[TaskStatus]]


class _Nonsense(ValueError):
    """This row is not what was asked for."""


def _rows(text: str, read: _RowReader) -> Rows:
    tasks: list[TaskStatus] = []
    unreadable = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            tasks += read(line.split("|", ROW_FIELDS - 1))
        except _Nonsense:
            unreadable.append(line)
    if unreadable and not tasks:
        raise Unavailable(f"Slurm printed {unreadable[0][:200]!r}")
    return Rows(tuple(tasks), tuple(unreadable))


def _queue_row(row: list[str]) -> list[TaskStatus]:
    if len(row) != ROW_FIELDS or not row[0].isdecimal():
        raise _Nonsense
    job, task, state_text, reason, node, account, *times = row[:10]
    exit_status, allocated, asked, name = row[10:]
    if not NAME.fullmatch(name):
        return []  # Not one of the portal's: the service user may have run it by hand.
    if task != "N/A" and not task.isdecimal():
        raise _Nonsense
    state = parse_state(state_text)
    submitted, eligible, start, end = map(_seconds, times)
    code, sig = _wait_status(exit_status) if state.ended else (None, None)
    waits = state.phase in (Phase.PENDING, Phase.HELD, Phase.REVIVING)
    return [
        TaskStatus(
            name=name,
            job_id=_number(job),
            task=_number(task) if task != "N/A" else NO_ARRAY,
            state=state,
            reason=_word(reason),
            node=_word(node),
            account=_word(account),
            submitted=submitted,
            eligible=eligible,
            expected_start=start if waits else None,
            started=None if waits else start,
            ended=end if state.ended else None,
            exit_code=code,
            exit_signal=sig,
            gres=_gres_words(allocated) or _word(asked),
        )
    ]


def _history_row(row: list[str]) -> list[TaskStatus]:
    if len(row) != ROW_FIELDS:
        raise _Nonsense
    identity, _raw, state_text, reason, node, account, *times = row[:10]
    exit_text, allocated, asked, name = row[10:]
    match = _HISTORY_ID.fullmatch(identity)
    if match is None:
        raise _Nonsense
    if not NAME.fullmatch(name):
        return []
    state = parse_state(state_text)
    submitted, eligible, start, end = map(_seconds, times)
    code, _, sig = exit_text.partition(":")
    return [
        TaskStatus(
            name=name,
            job_id=int(match[1]),
            task=task,
            state=state,
            reason=_word(reason),
            node=_word(node),
            account=_word(account),
            submitted=submitted,
            eligible=eligible,
            started=start,
            ended=end if state.ended else None,
            exit_code=_number(code) if state.ended and code.isdecimal() else None,
            exit_signal=(_number(sig) or None) if state.ended and sig.isdecimal() else None,
            gres=_gres_words(allocated) or _gres_words(asked),
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
        if not low.isdecimal() or (dash and not high.isdecimal()):
            raise _Nonsense
        first, last = _number(low), _number(high or low)
        if last >= _MOST_TASKS or last < first:
            raise _Nonsense
        found += range(first, last + 1)
    return found


def _node(line: str) -> NodeStatus:
    found = dict(re.findall(r"(?:^| )([A-Za-z_]+)=(\S*)", line))
    if not found.get("NodeName") or not found.get("State"):
        raise Unavailable(f"scontrol printed {line[:200]!r}")
    reason = re.search(r" Reason=(.*?)(?: \[\S+@\S+\])?(?:  | Comment=|$)", line)
    return NodeStatus(
        name=found["NodeName"],
        state=_node_state(found["State"]),
        cpus=_number(found.get("CPUTot", "")),
        cpus_used=_number(found.get("CPUAlloc", "")),
        memory_mb=_number(found.get("RealMemory", "")),
        memory_used_mb=_number(found.get("AllocMem", "")),
        gres=in_use(
            parse_gres(found.get("Gres", "")),
            parse_gres(found.get("GresUsed", "")),
            found.get("CfgTRES", ""),
            found.get("AllocTRES", ""),
        ),
        reason=reason[1].strip() if reason else "",
        partitions=tuple(filter(None, found.get("Partitions", "").split(","))),
    )


# The signs that a state's base may end in, https://slurm.schedmd.com/sinfo.html#SECTION_NODE-STATE-CODES
_SIGNS = {
    "*": "NOT_RESPONDING",
    "~": "POWERED_DOWN",
    "#": "POWERING_UP",
    "!": "POWER_DOWN",
    "%": "POWERING_DOWN",
    "$": "MAINTENANCE",
    "@": "REBOOT_REQUESTED",
    "^": "REBOOT_ISSUED",
    "-": "PLANNED",
}


def _node_state(text: str) -> NodeState:
    base, *flags = text.split("+")
    while base and base[-1] in _SIGNS:
        flags.append(_SIGNS[base[-1]])
        base = base[:-1]
    return NodeState(base, frozenset(filter(None, flags)))


def _seconds(text: str) -> float | None:
    """Seconds since the epoch, or None for Slurm's many words for "not yet"."""
    if text in _NOTHING:
        return None
    if not re.fullmatch(r"\d{1,12}", text):
        raise _Nonsense
    return float(text) or None


def _wait_status(text: str) -> tuple[int | None, int | None]:
    """squeue prints the raw status of wait(2): the code in the high byte, the signal in the low."""
    if not re.fullmatch(r"\d{1,10}", text):
        return None, None
    status = int(text)
    return (status >> 8) & 0xFF, (status & 0x7F) or None


def _gres_words(tres: str) -> str:
    return ",".join(part for part in tres.split(",") if part.startswith("gres/"))


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0


def _word(text: str) -> str:
    return "" if text in _NOTHING else text
