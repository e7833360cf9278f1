"""Accounts and their limits, from sacctmgr."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from portal.scheduler.accounts import (
    COUNT_LIMITS,
    TIME_LIMITS,
    TRES_LIMITS,
    AccountStatus,
    Limit,
    only_in,
)
from portal.scheduler.commands.parsers.words import is_number
from portal.scheduler.errors import Unavailable
from portal.scheduler.qos import QosStatus

_TRES = re.compile(r"([a-z][^=,\s]*)=([0-9]{1,18})([KMGTP]?)")
# Memory is counted in MiB, everything else one by one.
_MEMORY_UNITS = {"": 1, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "P": 1024**5}
_WALL = re.compile(r"(?:([0-9]{1,9})-)?([0-9]{1,9}):([0-9]{2}):([0-9]{2})")


def accounts(associations: str, entities: str, user: str) -> list[AccountStatus]:
    """`sacctmgr show associations` and `show accounts`; `user` is the one who may be allowed."""
    known: dict[str, AccountStatus] = {}
    users: dict[str, dict[str, tuple[str, ...]]] = {}
    partitions: dict[str, set[str]] = {}
    for row in _table(associations, "Account", "User", "QOS"):
        name, qos = row["Account"], tuple(filter(None, row["QOS"].split(",")))
        if row["User"]:
            users.setdefault(name, {})[row["User"]] = qos
            if row["User"] == user:
                partitions.setdefault(name, set()).add(row.get("Partition", ""))
        elif name:
            known[name] = AccountStatus(
                name, row.get("ParentName", ""), False, qos, limits(row), account_qos=qos
            )
    for row in _table(entities, "Account", "Descr", "Org"):
        if account := known.get(row["Account"]):
            known[account.name] = replace(
                account, description=row["Descr"], organization=row["Org"]
            )
    for name in partitions.keys() & known.keys():
        known[name] = replace(known[name], partitions=only_in(partitions[name]))
    return [_with_users(account, users.get(account.name, {}), user) for account in known.values()]


def qos(text: str) -> list[QosStatus]:
    """`sacctmgr show qos`."""
    return [
        QosStatus(
            row["Name"],
            int(row["Priority"]) if is_number(row["Priority"]) else 0,
            tuple(filter(None, row["Preempt"].split(","))),
            limits(row),
        )
        for row in _table(text, "Name", "Priority", "Preempt")
    ]


def limits(row: Mapping[str, str]) -> dict[Limit, int]:
    """The limits that are set in one row, by sacctmgr's names of them."""
    found: dict[Limit, int] = {}
    for kind in TRES_LIMITS:
        for resource, digits, unit in _TRES.findall(row.get(kind, "")):
            units = _MEMORY_UNITS if resource == "mem" else _UNITS
            found[Limit(kind, resource)] = int(digits) * units.get(unit, 1)
    for kind in COUNT_LIMITS:
        if is_number(row.get(kind, "")):
            found[Limit(kind)] = int(row[kind])
    for kind in TIME_LIMITS:
        if match := _WALL.fullmatch(row.get(kind, "")):
            days, hours, minutes = int(match[1] or 0), int(match[2]), int(match[3])
            found[Limit(kind)] = (days * 24 + hours) * 60 + minutes
    return found


def _table(text: str, *wanted: str) -> Iterator[dict[str, str]]:
    """The rows below a header, which must have these columns."""
    lines = text.splitlines()
    header = lines[0].split("|") if lines else []
    if not set(wanted) <= set(header):
        raise Unavailable(f"sacctmgr printed {text[:200]!r}")
    for line in lines[1:]:
        cells = line.split("|")
        if len(cells) == len(header):
            yield dict(zip(header, cells, strict=True))


def _with_users(
    account: AccountStatus, users: Mapping[str, tuple[str, ...]], user: str
) -> AccountStatus:
    return replace(
        account,
        allowed=user in users,
        qos=users.get(user, account.account_qos),
        users=tuple(sorted(users)),
    )
