"""What a school may use: written down here, made so in Slurm by `kesuan schools apply`."""

from __future__ import annotations

from portal.errors import Invalid
from portal.language import N_, Message
from portal.store.tables import School

MOST_SHARES = 100_000
MOST_SHARE_HOURS = 10_000_000


def set_limits(school: School, *, shares: int | None, share_hours: int | None) -> None:
    """Write a school's limits down; None leaves one to the centre's own hand in Slurm.

    Raises `Invalid` with every fault (shares, share_hours).
    """
    faults: dict[str, list[Message]] = {}
    for field, value, most in (
        ("shares", shares, MOST_SHARES),
        ("share_hours", share_hours, MOST_SHARE_HOURS),
    ):
        if value is not None and not 0 <= value <= most:
            faults[field] = [N_("This is a number from 0 to {most}.", most=most)]
    if faults:
        raise Invalid(faults)
    school.shares, school.share_hours = shares, share_hours
