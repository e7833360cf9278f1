"""What may be in a request to Slurm at all, whichever way it goes there.

A newline in a job name, for one, has injected options of its own into Slurm's commands and breaks
every parser of lines; so each word is held to a narrow alphabet before it leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from portal.language import N_
from portal.scheduler.accounts import LIMITS, TRES_LIMITS, AccountWish, Limit
from portal.scheduler.errors import Rejected
from portal.scheduler.protocol import ArrayRequest
from portal.scheduler.qos import QosWish
from portal.scheduler.reservations import ReservationRequest

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}")
_OUTPUT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.%-]{0,127}")
# An account's own name: small letters, because sacctmgr would make them small.
_ACCOUNT = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,63}")
_LICENSES = re.compile(
    r"[A-Za-z0-9_][\w.@-]{0,63}(:\d{1,9})?(,[A-Za-z0-9_][\w.@-]{0,63}(:\d{1,9})?)*", re.ASCII
)
_NODES = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,\[\]-]{0,1023}")
_TRES = re.compile(r"[a-z][a-z0-9_/:.-]{0,63}=\d{1,12}(,[a-z][a-z0-9_/:.-]{0,63}=\d{1,12}){0,15}")
_RESOURCE = re.compile(r"[a-z][a-z0-9_/:.-]{0,63}")
_FLAG = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
# The same of a QOS, whose name may be that of an account and a little more.
_QOS = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,95}")
# What sacctmgr keeps as it is: not every database behind slurmdbd takes letters beyond ASCII.
_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:;/()&+-]{0,199}")
_MOST = 2**31 - 1
_EARLIEST_S, _LATEST_S = 1_000_000_000, 10_000_000_000
_PATH = re.compile(r"/[^\x00-\x1f%\\]*")


def checked_name(name: str) -> str:
    """A job name of ours, or `Rejected`."""
    if not NAME.fullmatch(name):
        raise Rejected(N_("This is no name of a batch."), words=repr(name))
    return name


def check_request(request: ArrayRequest) -> None:
    """Raise `Rejected` unless every word and number of the request is one that we could make."""
    checked_name(request.name)
    words = {
        "account": request.account,
        "qos": request.qos,
        "reservation": request.reservation,
        "gres": request.gres,
    }
    bad = [k for k, v in words.items() if v is not None and not _WORD.fullmatch(v)]
    if request.partition is not None and not _all(_WORD, request.partition.split(",")):
        bad.append("partition")
    if request.licenses is not None and not _LICENSES.fullmatch(request.licenses):
        bad.append("licenses")
    paths = {"script": request.script, "workdir": request.workdir}
    bad += [key for key, path in paths.items() if not _PATH.fullmatch(str(path))]
    if not _OUTPUT.fullmatch(request.output):
        bad.append("output")
    numbers = {
        "tasks": request.tasks,
        "cpus": request.cpus,
        "memory_mb": request.memory_mb,
        "minutes": request.minutes,
        "concurrent": 1 if request.concurrent is None else request.concurrent,
    }
    bad += [key for key, number in numbers.items() if number < 1]
    if not 0 <= request.signal_before_s <= 65535:
        bad.append("signal_before_s")
    _refuse({key: getattr(request, key) for key in bad})


def checked_qos(name: str) -> str:
    """The name of a QOS that a task shall have, or `Rejected`."""
    return _checked(_WORD, "qos", name)


def checked_reservation(name: str) -> str:
    """A reservation's name, or `Rejected`."""
    return _checked(_WORD, "reservation", name)


def checked_account(name: str) -> str:
    """The name of an account that may be changed, or `Rejected`. The root of all is not touched."""
    if name == "root":
        _refuse({"account": name})
    return _checked(_ACCOUNT, "account", name)


def check_reservation(request: ReservationRequest) -> None:
    """Raise `Rejected` for a reservation that makes no sense or could hide something else."""
    checked_reservation(request.name)
    bad: dict[str, object] = {}
    if not request.accounts and not request.users:
        bad["accounts"] = request.accounts
    for key, pattern, listed in (
        ("accounts", _WORD, request.accounts),
        ("users", _WORD, request.users),
        ("flags", _FLAG, request.flags),
    ):
        if not _all(pattern, listed):
            bad[key] = listed
    sizes = (request.node_count, request.nodes, request.tres)
    if sum(size is not None for size in sizes) != 1:
        bad["node_count"] = sizes
    if request.node_count is not None and not 1 <= request.node_count <= _MOST:
        bad["node_count"] = request.node_count
    for key, pattern, value in (
        ("nodes", _NODES, request.nodes),
        ("tres", _TRES, request.tres),
        ("partition", _WORD, request.partition),
    ):
        if value is not None and not pattern.fullmatch(value):
            bad[key] = value
    if not _EARLIEST_S <= request.starts < request.ends <= _LATEST_S:
        bad["ends"] = (request.starts, request.ends)
    _refuse(bad)


def check_wish(wish: AccountWish) -> None:
    """Raise `Rejected` for an account that sacctmgr would read as something else."""
    checked_account(wish.name)
    bad: dict[str, object] = {}
    if wish.parent is not None and (
        not _ACCOUNT.fullmatch(wish.parent) or wish.parent == wish.name
    ):
        bad["parent"] = wish.parent
    for key, text in (("description", wish.description), ("organization", wish.organization)):
        if text is not None and not _TEXT.fullmatch(text):
            bad[key] = text
    if wish.qos is not None and (not wish.qos or not _all(_WORD, wish.qos)):
        bad["qos"] = wish.qos
    if not _all(_WORD, wish.partitions or ()):
        bad["partitions"] = wish.partitions
    bad |= {str(limit): number for limit, number in _odd_limits(wish.limits)}
    _refuse(bad)


def check_qos_wish(wish: QosWish) -> None:
    """Raise `Rejected` for a QOS that sacctmgr would read as something else."""
    _checked(_QOS, "qos", wish.name)
    bad: dict[str, object] = {str(limit): number for limit, number in _odd_limits(wish.limits)}
    if not 0 <= wish.priority <= _MOST:
        bad["priority"] = wish.priority
    if not _all(_WORD, wish.preempts):
        bad["preempts"] = wish.preempts
    _refuse(bad)


def _odd_limits(
    limits: Mapping[Limit, int | None] | Mapping[Limit, int],
) -> Iterable[tuple[Limit, int | None]]:
    for limit, number in limits.items():
        counted = limit.kind in TRES_LIMITS
        named = _RESOURCE.fullmatch(limit.resource) is not None if counted else not limit.resource
        if limit.kind not in LIMITS or not named or not 0 <= (number or 0) <= _MOST:
            yield limit, number


def _all(pattern: re.Pattern[str], words: Iterable[str]) -> bool:
    return all(pattern.fullmatch(word) for word in words)


def _checked(pattern: re.Pattern[str], key: str, word: str) -> str:
    if not pattern.fullmatch(word):
        _refuse({key: word})
    return word


def _refuse(bad: Mapping[str, object]) -> None:
    """Say no to these values, if there are any."""
    if bad:
        words = "; ".join(f"{key}={value!r}" for key, value in bad.items())
        raise Rejected(N_("The request holds a value that Slurm cannot take."), words=words)
