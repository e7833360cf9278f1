"""Single words of Slurm's, as every table of its prints them."""

from __future__ import annotations

import re

NOTHING = frozenset({"", "N/A", "n/a", "None", "Unknown", "(null)", "None assigned", "NONE"})


class Nonsense(ValueError):
    """This row is not what was asked for."""


def word(text: str) -> str:
    """A word, or "" for Slurm's many ways to say that there is none."""
    return "" if text in NOTHING else text


def is_number(text: str) -> bool:
    """Digits alone; `str.isdecimal` would take those of every script."""
    return re.fullmatch(r"[0-9]{1,19}", text) is not None


def number(text: str) -> int:
    """A plain number, or 0."""
    return int(text) if is_number(text) else 0


def seconds(text: str) -> float | None:
    """Seconds since the epoch, or None for Slurm's many words for "not yet"."""
    if text in NOTHING:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise Nonsense
    return float(text) or None
