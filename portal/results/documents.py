"""JSON that a job wrote, and the values in it: either what they should be, or refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

NAME_CHARACTERS = 64
MOST_METRICS = 32


class Malformed(ValueError):
    """A file is not what the contract says."""


def document(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`. Raises `Malformed`."""
    try:
        found = DECODER.decode(content.decode("utf-8"))
    except (ValueError, RecursionError) as cause:
        raise Malformed("no JSON") from cause
    if not isinstance(found, dict):
        raise Malformed("no JSON object")
    return found


def _no_constant(name: str) -> NoReturn:
    # Python reads and writes NaN and Infinity, which are no JSON; no browser would read them.
    raise ValueError(name)


# Made once: `json.loads` with an option makes a new one for every line.
DECODER = json.JSONDecoder(parse_constant=_no_constant)


def number(found: object) -> float:
    """A finite number. Raises `Malformed`."""
    if isinstance(found, float):
        value = found
    elif isinstance(found, int) and not isinstance(found, bool):
        try:
            value = float(found)
        except OverflowError as cause:
            raise Malformed("a number out of reach") from cause
    else:
        raise Malformed("no number")
    if not math.isfinite(value):
        raise Malformed("no number")
    return value


def number_or_none(found: object) -> float | None:
    """A finite number or nothing. Raises `Malformed`."""
    return None if found is None else number(found)


def whole(found: object) -> int:
    """A whole number that a database can hold. Raises `Malformed`."""
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**53:
        return found
    raise Malformed("no whole number")


def text(found: object, most: int) -> str:
    """Text fit to be shown, cut after `most` characters. Raises `Malformed`."""
    if not isinstance(found, str):
        raise Malformed("no text")
    return visible(found[:most])


def visible(found: str) -> str:
    """Text without control characters and halves of characters, which no page can carry."""
    whole_characters = found.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in whole_characters if c.isprintable() or c in "\n\t")


def metrics(found: object) -> dict[str, float]:
    """The values of named series; those that are no finite numbers are left out.

    Raises `Malformed` where it is no object at all.
    """
    if not isinstance(found, Mapping):
        raise Malformed("no metrics")
    kept: dict[str, float] = {}
    for name, value in found.items():
        if len(kept) < MOST_METRICS and _is_name(name):
            try:
                kept[name] = number(value)
            except Malformed:
                continue
    return kept


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= NAME_CHARACTERS and _is_plain(name)


@lru_cache(maxsize=1024)
def _is_plain(name: str) -> bool:
    return name.isascii() and name.isprintable()
