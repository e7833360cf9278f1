"""What operators' commands are told: scontrol for reservations, sacctmgr for accounts. Pure.

Every word has been checked (`checks`) before it gets here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.scheduler.accounts import LIMITS, TRES_LIMITS, Change, Field, Limit, What
from portal.scheduler.qos import QosWish
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.rows import since_uts


def reservations() -> list[str]:
    """What scontrol is asked."""
    return ["--oneliner", "show", "reservations"]


def reservation(request: ReservationRequest) -> list[str]:
    """What scontrol is told for a new reservation."""
    return ["create", "reservation", *_words(request), *_listed("flags", request.flags)]


def reservation_change(before: Reservation, request: ReservationRequest) -> list[str]:
    """What scontrol is told about one that is there: all but what is so already.

    The beginning of one that has begun cannot be moved, so it is not mentioned where it fits.
    """
    same = {
        f"starttime={since_uts(before.starts)}",
        f"endtime={since_uts(before.ends)}",
        f"nodecnt={before.node_count}",
        f"partitionname={before.partition}",
    }
    if before.active and request.starts <= before.starts:
        same.add(f"starttime={since_uts(request.starts)}")
    return ["update", *(word for word in _words(request) if word not in same)]


def _words(request: ReservationRequest) -> list[str]:
    given = {
        "nodecnt": request.node_count,
        "nodes": request.nodes,
        "tres": request.tres,
        "partitionname": request.partition,
    }
    return [
        f"reservationname={request.name}",
        f"starttime={since_uts(request.starts)}",
        f"endtime={since_uts(request.ends)}",
        *(f"{key}={value}" for key, value in given.items() if value is not None),
        *_listed("accounts", request.accounts),
        *_listed("users", request.users),
    ]


def _listed(key: str, words: Iterable[str]) -> list[str]:
    joined = ",".join(words)
    return [f"{key}={joined}"] if joined else []


def associations(cluster: str) -> list[str]:
    """What sacctmgr is asked about accounts, their users and limits."""
    columns = ",".join(("Account", "ParentName", "User", "Partition", "QOS", *LIMITS))
    return ["--parsable2", "show", "associations", f"cluster={cluster}", f"format={columns}"]


def entities() -> list[str]:
    """What sacctmgr is asked about accounts' descriptions."""
    return ["--parsable2", "show", "accounts", "format=Account,Description,Organization"]


def qos() -> list[str]:
    """What sacctmgr is asked about QOS."""
    columns = ",".join(("Name", "Priority", "Preempt", *LIMITS))
    return ["--parsable2", "show", "qos", f"format={columns}"]


def qos_change(wish: QosWish, *, there: bool) -> list[str]:
    """What sacctmgr is told to make a QOS, or the one that is there, be as it is wished."""
    words = [f"Priority={wish.priority}", f"Preempt={','.join(wish.preempts)}"]
    words += _numbers({limit: str(number) for limit, number in wish.limits.items()})
    if there:
        return ["--immediate", "modify", "qos", "where", f"name={wish.name}", "set", *words]
    return ["--immediate", "add", "qos", wish.name, *words]


def account(name: str, cluster: str, user: str, changes: Iterable[Change]) -> list[list[str]]:
    """What sacctmgr is told, one command after the other, for these changes; `user` is ours.

    An account that was taken from this cluster alone is still known, with its old texts, and
    adding it again does not change them; so texts are always set by a command of their own.
    """
    differences = {change.what: change for change in changes}
    texts = _settings(differences, Field.DESCRIPTION, Field.ORGANIZATION)
    rest = [*_settings(differences, Field.PARENT), *_settings(differences, Field.QOS)]
    rest += _limits(differences)
    which = [f"name={name}", f"cluster={cluster}"]
    commands: list[list[str]] = []
    if Field.ACCOUNT in differences:
        added = [word for word in rest if not word.endswith("=-1")]
        commands.append(["add", "account", name, f"cluster={cluster}", *added])
    elif rest:
        commands.append(["modify", "account", "where", *which, "set", *rest])
    if texts:
        commands.append(["modify", "account", "where", f"name={name}", "set", *texts])
    commands += _of_user(user, [f"account={name}", f"cluster={cluster}"], differences)
    return [["--immediate", *words] for words in commands]


def _of_user(user: str, where: list[str], differences: Mapping[What, Change]) -> list[list[str]]:
    """What lets the service user in or out, into every partition or into some.

    It is let in anew before it is taken out where it was, so that it is never out of the account.
    """
    let_in = differences.get(Field.USER)
    if let_in is not None and not let_in.after:
        return [["delete", "user", "where", f"name={user}", *where]]
    moved = differences.get(Field.PARTITIONS)
    old = [] if let_in else moved.before.split(",") if moved else []
    new = moved.after.split(",") if moved else [""] if let_in else []
    added = [
        ["add", "user", user, *where, *([f"partition={partition}"] if partition else [])]
        for partition in new
        if partition not in old
    ]
    return added + [
        ["delete", "user", "where", f"name={user}", *where, f"partition={partition}"]
        for partition in old
        if partition not in new
    ]


def account_deletion(name: str, cluster: str) -> list[str]:
    """What sacctmgr is told to take an account from this cluster, and from no other."""
    return ["--immediate", "delete", "account", "where", f"name={name}", f"cluster={cluster}"]


def _settings(differences: Mapping[What, Change], *fields: Field) -> list[str]:
    return [
        f"{field.value.lower()}={differences[field].after}"
        for field in fields
        if field in differences
    ]


def _limits(differences: Mapping[What, Change]) -> list[str]:
    """Limits as sacctmgr takes them; -1 takes one away."""
    return _numbers(
        {
            what: change.after or "-1"
            for what, change in differences.items()
            if isinstance(what, Limit)
        }
    )


def _numbers(limits: Mapping[Limit, str]) -> list[str]:
    found = [f"{what.kind}={number}" for what, number in limits.items() if not what.resource]
    for kind in TRES_LIMITS:
        of_kind = [f"{w.resource}={n}" for w, n in limits.items() if w.kind == kind]
        found += _listed(kind, of_kind)
    return found
