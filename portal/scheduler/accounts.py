"""A Slurm account: what is set for it, what is wished for it, and the difference. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TRES_LIMITS = ("GrpTRES", "GrpTRESMins", "GrpTRESRunMins", "MaxTRES", "MaxTRESMins")
"""Limits on resources, each for one resource at a time ("cpu", "mem", "gres/shard")."""

COUNT_LIMITS = ("GrpJobs", "GrpSubmit", "MaxJobs", "MaxSubmit")
TIME_LIMITS = ("GrpWall", "MaxWall")
LIMITS = (*TRES_LIMITS, *COUNT_LIMITS, *TIME_LIMITS)
"""sacctmgr's names of all limits that the portal reads and sets
(https://slurm.schedmd.com/sacctmgr.html#SECTION_GENERAL-SPECIFICATIONS-FOR-ASSOCIATION-BASED-ENTITIES)."""


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """One limit in sacctmgr's words: Limit("GrpTRES", "gres/shard"), Limit("MaxJobs").

    Values are whole numbers: memory in MiB, wall times in minutes.
    """

    kind: str
    resource: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.resource}".rstrip()


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One Slurm account, as Slurm applies it.

    `limits` has those that are set; a Max… limit counts here too if it is a parent's. `qos` are
    those that the service user may ask for, `account_qos` those of the account itself.
    `partitions` are the only ones in which the service user may use it; () for every one.
    """

    name: str
    parent: str
    allowed: bool
    qos: tuple[str, ...] = ()
    limits: Mapping[Limit, int] = field(default_factory=dict)
    description: str = ""
    organization: str = ""
    account_qos: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountWish:
    """An account as it should be. What is None, or no key of `limits`, stays as it is.

    A limit whose value is None is taken away. `allowed` is about the service user, and so are
    `partitions`: () lets it into every one.
    """

    name: str
    parent: str | None = None
    description: str | None = None
    organization: str | None = None
    allowed: bool | None = True
    qos: tuple[str, ...] | None = None
    limits: Mapping[Limit, int | None] = field(default_factory=dict)
    partitions: tuple[str, ...] | None = None


class Field(StrEnum):
    """What of an account can change, beside its limits."""

    ACCOUNT = "account"
    PARENT = "parent"
    DESCRIPTION = "description"
    ORGANIZATION = "organization"
    QOS = "QOS"
    USER = "user"
    PARTITIONS = "partitions"


@dataclass(frozen=True, slots=True)
class QosPart:
    """What of a QOS can change; the QOS itself where `part` is nothing."""

    qos: str
    part: str = ""

    def __str__(self) -> str:
        return f"QOS {self.qos} {self.part}".rstrip()


What = Field | Limit | QosPart


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. "" stands for nothing; `str()` of it is a line for a person."""

    what: What
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.what}: + {self.after}"
        return f"{self.what}: {self.before} → {self.after or '-'}"


def changes(before: AccountStatus | None, wish: AccountWish, user: str) -> tuple[Change, ...]:
    """All that must change for the wish to be true; nothing if it is.

    Slurm keeps descriptions in small letters (sacctmgr writes them so) and QOS in no order.
    """
    now = before or AccountStatus("", "root", allowed=False)
    found = [] if before else [Change(Field.ACCOUNT, "", wish.name)]
    texts = {
        Field.PARENT: (now.parent, wish.parent),
        Field.DESCRIPTION: (now.description, wish.description),
        Field.ORGANIZATION: (now.organization, wish.organization),
    }
    for what, (old, new) in texts.items():
        if new is not None and new.lower() != old.lower():
            found.append(Change(what, old, new))
    if wish.qos is not None and set(wish.qos) != set(now.account_qos):
        found.append(Change(Field.QOS, _listed(now.account_qos), _listed(wish.qos)))
    for limit, number in sorted(wish.limits.items()):
        old_number = now.limits.get(limit)
        if number != old_number:
            found.append(Change(limit, _shown(old_number), _shown(number)))
    if wish.allowed is not None and wish.allowed != now.allowed:
        old_user, new_user = ("", user) if wish.allowed else (user, "")
        found.append(Change(Field.USER, old_user, new_user))
    if wish.partitions is not None and set(wish.partitions) != set(now.partitions):
        found.append(Change(Field.PARTITIONS, _listed(now.partitions), _listed(wish.partitions)))
    return tuple(found)


def only_in(partitions: Collection[str]) -> tuple[str, ...]:
    """The partitions that a user's associations name; one that names none lets into all of them."""
    return () if "" in partitions else tuple(sorted(partitions))


def _listed(words: tuple[str, ...]) -> str:
    return ",".join(sorted(words))


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)
