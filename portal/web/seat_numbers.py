"""Seats as a teacher writes them: `1-10, 12`."""

from __future__ import annotations

import re

from portal.errors import Invalid
from portal.language import N_

MOST = 1000
# Full-width commas and dashes come from a Chinese keyboard.
_SPLIT = re.compile(r"[\s,;、，；]+")
_PART = re.compile(r"(\d{1,4})(?:[-–—~～至到](\d{1,4}))?")


def seat_numbers(typed: str) -> tuple[int, ...] | None:
    """The numbers in order without doubles; None for an empty field, which means every seat.

    Raises `Invalid` for `seats` where something is neither a number nor a range.
    """
    parts = [part for part in _SPLIT.split(typed.strip()) if part]
    if not parts:
        return None
    numbers: set[int] = set()
    for part in parts:
        found = _PART.fullmatch(part)
        if found is None:
            raise _unreadable(part)
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first or last - first >= MOST:
            raise _unreadable(part)
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


def _unreadable(part: str) -> Invalid:
    return Invalid.one(
        "seats", N_("“{part}” is not a seat. Write numbers like 1-10, 12.", part=part)
    )
