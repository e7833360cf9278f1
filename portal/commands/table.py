"""Aligned columns on a terminal, where a Chinese character is two wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

GAP = "  "


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lines of columns; None is a dash, and a float has three digits."""
    lines = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        GAP.join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def moment(seconds: float | None) -> str | None:
    """A time as the clock on this machine's wall has it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
