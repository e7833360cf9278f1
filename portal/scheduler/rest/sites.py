"""Nodes, accounts and the site, from slurmrestd's JSON. Pure; a row that makes no sense is left out
only where its absence is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.scheduler.errors import Unavailable
from portal.scheduler.gres import in_use, parse_gres
from portal.scheduler.protocol import AccountStatus, NodeState, NodeStatus
from portal.scheduler.rest.payload import inside, number, rows, table, text, words

# sacctmgr's name of a limit and where it lies, seen by setting each with sacctmgr on 22.05.
_COUNTS: Mapping[str, tuple[str, ...]] = {
    "GrpJobs": ("jobs", "per", "count"),
    "GrpSubmit": ("jobs", "per", "submitted"),
    "MaxJobs": ("jobs", "active"),
    "MaxSubmit": ("jobs", "total"),
}
_RESOURCES: Mapping[str, tuple[str, ...]] = {
    "GrpTRES": ("tres", "total"),
    "GrpTRESMins": ("tres", "group", "minutes"),
    "GrpTRESRunMins": ("tres", "group", "active"),
    "MaxTRES": ("tres", "per", "job"),
    "MaxTRESMins": ("tres", "minutes", "per", "job"),
}
_MINUTES: Mapping[str, tuple[str, ...]] = {
    "GrpWall": ("per", "account", "wall_clock"),
    "MaxWall": ("jobs", "per", "wall_clock"),
}
_BASES = frozenset({"UNKNOWN", "DOWN", "IDLE", "ALLOCATED", "ERROR", "MIXED", "FUTURE"})


def nodes(listed: object) -> list[NodeStatus]:
    """slurmctld's nodes."""
    return [_node(row) for row in rows(listed) if text(row.get("name"))]


def _node(row: Mapping[str, Any]) -> NodeStatus:
    # v0.0.38 tells state and flags apart; later versions put both in one list.
    told = [*words(row.get("state")), *words(row.get("state_flags"))]
    names = [word.upper() for word in told]
    base = next((name for name in names if name in _BASES), "UNKNOWN")
    partitions = row.get("partitions")
    return NodeStatus(
        name=text(row.get("name")),
        state=NodeState(base, frozenset(names) - {base}),
        cpus=number(row.get("cpus")) or 0,
        cpus_used=number(row.get("alloc_cpus")) or 0,
        memory_mb=number(row.get("real_memory")) or 0,
        memory_used_mb=number(row.get("alloc_memory")) or 0,
        gres=in_use(
            parse_gres(text(row.get("gres"))),
            parse_gres(text(row.get("gres_used"))),
            text(row.get("tres")),
            text(row.get("tres_used")),
        ),
        reason=text(row.get("reason")),
        partitions=words(partitions),
    )


def accounts(listed: object, user: str, cluster: str) -> list[AccountStatus]:
    """slurmdbd's associations of one cluster; `user` is the one whose associations count."""
    ours = [row for row in rows(listed) if text(row.get("cluster")) == cluster]
    allowed = {
        text(row.get("account")): words(row.get("qos"))
        for row in ours
        if text(row.get("user")) == user
    }
    return [
        AccountStatus(
            name,
            text(row.get("parent_account")),
            name in allowed,
            allowed.get(name, ()),
            _limits(row.get("max")),
        )
        for row in ours
        if (name := text(row.get("account"))) and not text(row.get("user"))
    ]


def _limits(most: object) -> dict[str, str]:
    """The limits that are set, as sacctmgr writes them."""
    found = {key: _resources(inside(most, *path)) for key, path in _RESOURCES.items()}
    for key, path in _COUNTS.items():
        count = number(inside(most, *path))
        found[key] = "" if count is None else str(count)
    for key, path in _MINUTES.items():
        minutes = number(inside(most, *path))
        found[key] = "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}:00"
    return {key: value for key, value in found.items() if value}


def _resources(listed: object) -> str:
    counted = [(resource(row), number(row.get("count"))) for row in rows(listed)]
    return ",".join(f"{name}={count}" for name, count in counted if name and count is not None)


def resource(row: Mapping[str, Any]) -> str:
    """One trackable resource in Slurm's words: "cpu", "gres/shard"."""
    kind, name = text(row.get("type")), text(row.get("name"))
    return f"{kind}/{name}" if name else kind


def cluster(listed: object, wanted: str | None) -> str:
    """The cluster's name: the one that the settings say, or the only one that slurmdbd knows."""
    names = [text(row.get("name")) for row in rows(listed) if text(row.get("name"))]
    if wanted is not None and wanted in names:
        return wanted
    if wanted is None and len(names) == 1:
        return names[0]
    known = ", ".join(names) or "none"
    raise Unavailable(f"slurmdbd knows these clusters: {known}; slurm.rest_cluster names {wanted}")


def release(body: object) -> str:
    """Slurm's version; 22.05 writes its table's key with a capital."""
    meta = table(table(body).get("meta"))
    found = text(inside(meta.get("Slurm") or meta.get("slurm"), "release"))
    if not found:
        raise Unavailable("slurmrestd does not tell Slurm's version")
    return found


def is_up(body: object) -> bool:
    """Whether a controller answers: "ping": "UP", "pinged": "UP" from v0.0.40 on."""
    told = (row.get("pinged") or row.get("ping") for row in rows(table(body).get("pings")))
    return "UP" in told
