"""Accounts and their limits, from sacctmgr."""

from __future__ import annotations

from portal.scheduler.errors import Unavailable
from portal.scheduler.protocol import AccountStatus


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
