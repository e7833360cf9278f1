"""What somebody typed into a form, as the rooms want to have it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import request

WRONG = -1


def words(names: Iterable[str]) -> dict[str, str]:
    """The fields of these names, without spaces around them; one that was not sent is empty."""
    return {name: request.form.get(name, "").strip() for name in names}


def number(typed: str) -> int | None:
    """A whole number, None for an empty field; what is none is `WRONG`, which no limit allows."""
    if not typed:
        return None
    return int(typed) if typed.isdecimal() and len(typed) <= 12 else WRONG


def names(typed: str) -> tuple[str, ...]:
    """Names with commas or spaces between them, those of a Chinese keyboard as well."""
    return tuple(re.findall(r"[^\s,，、;；]+", typed))
