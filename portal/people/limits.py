"""What a school may use: written down here, made so in Slurm by `kesuan schools apply`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from portal.errors import Invalid
from portal.language import N_, Message
from portal.store.tables import School

MOST_SHARES = 100_000
MOST_SHARE_HOURS = 10_000_000


MOST_PARTITIONS = 8
_PARTITION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def set_limits(
    school: School, *, shares: int | None, share_hours: int | None, guaranteed: int | None
) -> None:
    """Write a school's limits down; None leaves one to the centre's own hand in Slurm.

    Raises `Invalid` with every fault (shares, share_hours, guaranteed).
    """
    faults: dict[str, list[Message]] = {}
    for field, value, most in (
        ("shares", shares, MOST_SHARES),
        ("share_hours", share_hours, MOST_SHARE_HOURS),
        ("guaranteed", guaranteed, MOST_SHARES if shares is None else shares),
    ):
        if value is not None and not 0 <= value <= most:
            faults[field] = [N_("This is a number from 0 to {most}.", most=most)]
    if faults:
        raise Invalid(faults)
    school.shares, school.share_hours, school.guaranteed = shares, share_hours, guaranteed


def set_partitions(school: School, partitions: Sequence[str]) -> None:
    """Write down the only partitions that a school may use; () for the one of the settings.

    Raises `Invalid` (partitions).
    """
    named = list(dict.fromkeys(partitions))
    if len(named) > MOST_PARTITIONS or not all(map(_PARTITION.fullmatch, named)):
        fault = N_(
            "Name at most {most} partitions of Slurm, as in: class,night", most=MOST_PARTITIONS
        )
        raise Invalid.one("partitions", fault)
    school.partitions = named
