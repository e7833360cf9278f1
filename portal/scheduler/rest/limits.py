"""Where slurmdbd's associations keep an account's limits, in JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from portal.scheduler.accounts import Limit
from portal.scheduler.rest.payload import inside, number, resource, rows

# sacctmgr's name of a limit and where it lies, seen by setting each with sacctmgr on 22.05.
_COUNTS: Mapping[str, tuple[str, ...]] = {
    "GrpJobs": ("jobs", "per", "count"),
    "GrpSubmit": ("jobs", "per", "submitted"),
    "GrpWall": ("per", "account", "wall_clock"),
    "MaxJobs": ("jobs", "active"),
    "MaxSubmit": ("jobs", "total"),
    "MaxWall": ("jobs", "per", "wall_clock"),
}
_RESOURCES: Mapping[str, tuple[str, ...]] = {
    "GrpTRES": ("tres", "total"),
    "GrpTRESMins": ("tres", "group", "minutes"),
    "GrpTRESRunMins": ("tres", "group", "active"),
    "MaxTRES": ("tres", "per", "job"),
    "MaxTRESMins": ("tres", "minutes", "per", "job"),
}


def read(most: object) -> dict[Limit, int]:
    """The limits that are set."""
    found = {
        Limit(kind, resource(row)): number(row.get("count"))
        for kind, path in _RESOURCES.items()
        for row in rows(inside(most, *path))
    }
    for kind, path in _COUNTS.items():
        found[Limit(kind)] = number(inside(most, *path))
    return {limit: count for limit, count in found.items() if count is not None}


def write(limits: Mapping[Limit, int], changed: Collection[Limit]) -> dict[str, Any]:
    """What makes `limits` be all of an account's; `changed` are those that were not so before.

    A list of resources takes the place of the one that was there, so each is sent whole
    (`_diff_tres` in openapi/slurmdbd/associations.c); numbers that are not sent stay.
    """
    most: dict[str, Any] = {}
    for kind, path in _RESOURCES.items():
        of_kind = ((limit.resource, n) for limit, n in limits.items() if limit.kind == kind)
        _put(most, path, [counted(name, count) for name, count in sorted(of_kind)])
    for kind, path in _COUNTS.items():
        if Limit(kind) in changed:
            count = limits.get(Limit(kind))
            told = {"set": count is not None, "infinite": count is None, "number": count or 0}
            _put(most, path, told)
    return most


def _put(tree: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value


def counted(name: str, count: int) -> dict[str, Any]:
    """One resource and its number; "gres/shard" is told apart into type and name."""
    kind, slash, rest = name.partition("/")
    return {"type": kind, **({"name": rest} if slash else {}), "count": count}
