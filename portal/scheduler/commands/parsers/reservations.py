"""Reservations, from scontrol."""

from __future__ import annotations

import re

from portal.scheduler.commands.parsers.words import Nonsense, number, seconds, word
from portal.scheduler.errors import Unavailable
from portal.scheduler.reservations import Reservation


def reservations(text: str) -> list[Reservation]:
    """`scontrol --oneliner show reservations`, with times in seconds since the epoch."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines == ["No reservations in the system"]:
        return []
    return [_reservation(line) for line in lines]


def _reservation(line: str) -> Reservation:
    found = dict(re.findall(r"(?:^| )([A-Za-z_]+)=(\S*)", line))
    try:
        starts, ends = (seconds(found.get(key, "")) for key in ("StartTime", "EndTime"))
    except Nonsense:
        starts = ends = None
    if not found.get("ReservationName") or starts is None or ends is None:
        raise Unavailable(f"scontrol printed {line[:200]!r}")
    return Reservation(
        name=found["ReservationName"],
        starts=starts,
        ends=ends,
        active=found.get("State") == "ACTIVE",
        accounts=_words(found.get("Accounts", "")),
        users=_words(found.get("Users", "")),
        node_count=number(found.get("NodeCnt", "")),
        nodes=word(found.get("Nodes", "")),
        tres=word(found.get("TRES", "")),
        partition=word(found.get("PartitionName", "")),
        flags=frozenset(_words(found.get("Flags", ""))),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, word(text).split(",")))
