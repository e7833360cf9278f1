"""What operators send to slurmrestd: for reservations, and for accounts. Pure.

Every word has been checked (`checks`) before it gets here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.scheduler.accounts import AccountStatus, Change, Field, Limit, What
from portal.scheduler.errors import Unsupported
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.rest import limits
from portal.scheduler.rest.conversation import Order
from portal.scheduler.rest.versions import Version


def reservation(
    request: ReservationRequest, version: Version, before: Reservation | None = None
) -> Order:
    """Make a reservation, or change the one that is there: all but what is so already."""
    told: dict[str, Any] = {
        "name": request.name,
        "start_time": _moment(request.starts),
        "end_time": _moment(request.ends),
        "accounts": list(request.accounts) or None,
        "users": list(request.users) or None,
        "node_count": None if request.node_count is None else _set(request.node_count),
        "node_list": request.nodes and [request.nodes],
        "partition": request.partition,
        "tres": None if request.tres is None else _resources(request.tres),
        "flags": list(request.flags) or None,
    }
    if before is not None:
        del told["flags"]
        if before.active and int(request.starts) <= before.starts:
            del told["start_time"]  # what has begun cannot be moved
        if before.node_count == request.node_count:
            del told["node_count"]
        if before.partition == request.partition:
            del told["partition"]
    body = {key: value for key, value in told.items() if value is not None}
    return Order("POST", version.reservation(), body)


def account(
    name: str,
    cluster: str,
    before: AccountStatus | None,
    changes: Iterable[Change],
    version: Version,
) -> list[Order]:
    """What makes these changes, one request after the other.

    The whole of an account's limits goes along, because what is not sent is forgotten. Raises
    `Unsupported` where the version cannot do it.
    """
    if not version.changes_accounts:
        raise Unsupported(f"slurmrestd {version.name} confirms changes of accounts and makes none")
    differences = {change.what: change for change in changes}
    if Field.PARTITIONS in differences:
        raise Unsupported("into which partitions a user may is changed by sacctmgr")
    was = before or AccountStatus(name, "root", allowed=False)
    parent = differences[Field.PARENT].after if Field.PARENT in differences else was.parent
    orders = []
    if Field.ACCOUNT in differences:
        orders.append(_addition(name, cluster, parent, version))
    if differences.keys() & {Field.DESCRIPTION, Field.ORGANIZATION}:
        orders.append(_entity(name, was, differences, version))
    changed = {what for what in differences if isinstance(what, Limit)}
    moved = Field.PARENT in differences and before is not None
    if changed or moved or Field.QOS in differences:
        after = {**was.limits, **{w: int(differences[w].after or -1) for w in changed}}
        left = {limit: count for limit, count in after.items() if count >= 0}
        row: dict[str, Any] = {
            **_association(name, cluster, ""),
            "parent_account": parent,
            "max": limits.write(left, changed),
        }
        if qos := differences.get(Field.QOS):
            row["qos"] = qos.after.split(",")
        orders.append(Order("POST", version.associations, {"associations": [row]}))
    if user := differences.get(Field.USER):
        orders.append(_user(name, cluster, user, version))
    return orders


def account_deletion(name: str, cluster: str, version: Version) -> Order:
    """Take an account from this cluster, and from no other."""
    return Order("DELETE", version.associations, query={"account": name, "cluster": cluster})


def _addition(name: str, cluster: str, parent: str, version: Version) -> Order:
    """A new account. An association that is posted by itself forgets its parent (seen in 24.11)."""
    where = {"accounts": [name], "clusters": [cluster], "association": {"parent": parent}}
    texts = {"description": name, "organization": parent}
    body = {"association_condition": where, "account": texts}
    return Order("POST", version.additions, body)


def _entity(
    name: str, was: AccountStatus, differences: dict[What, Change], version: Version
) -> Order:
    def text(field: Field, old: str) -> str:
        return differences[field].after if field in differences else old or name

    row = {
        "name": name,
        "description": text(Field.DESCRIPTION, was.description),
        "organization": text(Field.ORGANIZATION, was.organization),
    }
    return Order("POST", version.accounts, {"accounts": [row]})


def _user(name: str, cluster: str, change: Change, version: Version) -> Order:
    if change.after:
        row = _association(name, cluster, change.after)
        return Order("POST", version.associations, {"associations": [row]})
    query = {"account": name, "cluster": cluster, "user": change.before}
    return Order("DELETE", version.association, query=query)


def _association(account: str, cluster: str, user: str) -> dict[str, Any]:
    return {"account": account, "cluster": cluster, "user": user, "partition": ""}


def _resources(tres: str) -> list[dict[str, Any]]:
    found = []
    for part in tres.split(","):
        name, _, count = part.partition("=")
        found.append(limits.counted(name, int(count)))
    return found


def _moment(seconds: float) -> dict[str, Any]:
    return _set(int(seconds))


def _set(value: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}
