"""A QOS of Slurm: what is set for it, what is wished for it, and the difference. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.scheduler.accounts import Change, Limit, QosPart


@dataclass(frozen=True, slots=True)
class QosStatus:
    """One QOS, as far as the portal reads it; `preempts` are those whose jobs make way for its."""

    name: str
    priority: int = 0
    preempts: tuple[str, ...] = ()
    limits: Mapping[Limit, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QosWish:
    """A QOS as it should be. Limits that it has beside these, and all else, stay as they are."""

    name: str
    priority: int
    preempts: tuple[str, ...] = ()
    limits: Mapping[Limit, int] = field(default_factory=dict)


def qos_changes(before: QosStatus | None, wish: QosWish) -> tuple[Change, ...]:
    """All that must change for the wish to be true; nothing if it is."""
    now = before or QosStatus(wish.name)
    found = [] if before else [Change(QosPart(wish.name), "", "new")]
    if wish.priority != now.priority:
        found.append(_change(wish, "Priority", str(now.priority or ""), str(wish.priority)))
    if set(wish.preempts) != set(now.preempts):
        old, new = (",".join(sorted(names)) for names in (now.preempts, wish.preempts))
        found.append(_change(wish, "Preempt", old, new))
    for limit, number in sorted(wish.limits.items()):
        if number != now.limits.get(limit):
            found.append(_change(wish, str(limit), str(now.limits.get(limit, "")), str(number)))
    return tuple(found)


def _change(wish: QosWish, part: str, old: str, new: str) -> Change:
    return Change(QosPart(wish.name, part), old, new)
