"""Nodes, accounts and the site, from slurmrestd's JSON. Pure; a row that makes no sense is left out
only where its absence is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.scheduler.accounts import AccountStatus, only_in
from portal.scheduler.errors import Unavailable
from portal.scheduler.gres import in_use, parse_gres
from portal.scheduler.protocol import NodeState, NodeStatus
from portal.scheduler.reservations import Reservation
from portal.scheduler.rest import limits
from portal.scheduler.rest.payload import inside, moment, number, rows, table, text, words
from portal.scheduler.site import Preemption, Site

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


def accounts(
    associations: object, entities: object, user: str, cluster: str
) -> list[AccountStatus]:
    """slurmdbd's associations of one cluster and its accounts; `user` may be allowed or not."""
    ours = [row for row in rows(associations) if text(row.get("cluster")) == cluster]
    users: dict[str, dict[str, tuple[str, ...]]] = {}
    partitions: dict[str, set[str]] = {}
    for row in ours:
        if name := text(row.get("user")):
            users.setdefault(text(row.get("account")), {})[name] = words(row.get("qos"))
            if name == user:
                into = partitions.setdefault(text(row.get("account")), set())
                into.add(text(row.get("partition")))
    described = {text(row.get("name")): row for row in rows(entities)}
    return [
        AccountStatus(
            name,
            text(row.get("parent_account")),
            allowed=user in users.get(name, {}),
            qos=users.get(name, {}).get(user, words(row.get("qos"))),
            limits=limits.read(row.get("max")),
            description=text(described.get(name, {}).get("description")),
            organization=text(described.get(name, {}).get("organization")),
            account_qos=words(row.get("qos")),
            users=tuple(sorted(users.get(name, {}))),
            partitions=only_in(partitions.get(name, set())),
        )
        for row in ours
        if (name := text(row.get("account"))) and not text(row.get("user"))
    ]


def reservations(listed: object, now: float) -> list[Reservation]:
    """slurmctld's reservations. None tells whether it has begun, so the clock says."""
    found = []
    for row in rows(listed):
        name, starts, ends = text(row.get("name")), row.get("start_time"), row.get("end_time")
        begin, end = moment(starts), moment(ends)
        if not name or begin is None or end is None:
            raise Unavailable(f"slurmrestd's answer has a reservation {name!r} without its times")
        found.append(
            Reservation(
                name=name,
                starts=begin,
                ends=end,
                active=begin <= now < end,
                accounts=_named(row.get("accounts")),
                users=_named(row.get("users")),
                node_count=number(row.get("node_count")) or 0,
                nodes=text(row.get("node_list")),
                tres=text(row.get("tres")),
                partition=text(row.get("partition")),
                flags=frozenset(words(row.get("flags"))),
            )
        )
    return found


def _named(value: object) -> tuple[str, ...]:
    """ "a,b" as two names."""
    return tuple(filter(None, text(value).split(",")))


def cluster(listed: object, wanted: str | None) -> str:
    """The cluster's name: the one that the settings say, or the only one that slurmdbd knows."""
    names = [text(row.get("name")) for row in rows(listed) if text(row.get("name"))]
    if wanted is not None and wanted in names:
        return wanted
    if wanted is None and len(names) == 1:
        return names[0]
    known = ", ".join(names) or "none"
    raise Unavailable(f"slurmdbd knows these clusters: {known}; slurm.rest_cluster names {wanted}")


def configured(pings: object, body: object) -> Site:
    """What the controller says of slurm.conf, from v0.0.45 on, beside what it says of itself."""
    conf = table(table(body).get("slurm_conf"))
    if not conf:
        raise Unavailable("slurmrestd's answer has no slurm.conf")
    return Site(
        version=release(pings),
        cluster=text(conf.get("ClusterName")),
        tres=words(conf.get("AccountingStorageTRES")),
        enforce=words(conf.get("AccountingStorageEnforce")),
        gres_types=words(conf.get("GresTypes")),
        min_job_age_s=number(conf.get("MinJobAge")) or 0,
        message_timeout_s=number(conf.get("MessageTimeout")) or 0,
        max_array_size=number(conf.get("MaxArraySize")) or 0,
        controllers_up=is_up(pings),
        scheduler_parameters=words(conf.get("SchedulerParameters")),
        controller_parameters=words(conf.get("SlurmctldParameters")),
        preemption=Preemption(
            text(conf.get("PreemptType")),
            words(conf.get("PreemptMode")),
            number(conf.get("PriorityWeightQOS")) or 0,
        ),
    )


def release(body: object) -> str:
    """Slurm's version; 22.05 writes its table's key with a capital."""
    meta = table(table(body).get("meta"))
    found = text(inside(meta.get("Slurm") or meta.get("slurm"), "release"))
    if not found:
        raise Unavailable("slurmrestd does not tell Slurm's version")
    return found


def is_up(body: object) -> bool:
    """Whether a controller answers.

    v0.0.38 says "ping": "UP", v0.0.40 to v0.0.44 "pinged": "UP", v0.0.45 "responding": true.
    """
    told = rows(table(body).get("pings"))
    return any(
        row["responding"] is True
        if isinstance(row.get("responding"), bool)
        else "UP" in (row.get("ping"), row.get("pinged"))
        for row in told
    )
