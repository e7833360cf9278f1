"""Reading single values out of slurmrestd's JSON, whatever is in there. Pure; never raises.

v0.0.38 writes plain numbers and null for those that are not set; later versions write
{"set": true, "infinite": false, "number": 5}, and lists where there was one word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST = 2**63


def table(value: object) -> Mapping[str, Any]:
    """An object of JSON, or an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list of JSON."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def inside(value: object, *keys: str) -> object:
    """What lies under keys within keys; None where there is nothing."""
    for key in keys:
        value = table(value).get(key)
    return value


def text(value: object) -> str:
    """A word, or ""."""
    return value.strip() if isinstance(value, str) else ""


def words(value: object) -> tuple[str, ...]:
    """One word or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return tuple(word for word in map(text, listed) if word)


def number(value: object) -> int | None:
    """A whole number of either shape; None for one that is not set, infinite or none."""
    if isinstance(value, dict):
        if value.get("set") is False or value.get("infinite") is True:
            return None
        value = value.get("number")
    if isinstance(value, bool) or not isinstance(value, int) or not -_MOST < value < _MOST:
        return None
    return value


def moment(value: object) -> float | None:
    """Seconds since the epoch; Slurm's 0 means "not yet"."""
    seconds = number(value)
    return float(seconds) if seconds is not None and 0 < seconds < 10**12 else None


def resource(row: Mapping[str, Any]) -> str:
    """One trackable resource in Slurm's words: "cpu", "gres/shard"."""
    kind, name = text(row.get("type")), text(row.get("name"))
    return f"{kind}/{name}" if name else kind
