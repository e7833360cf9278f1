"""What is in a column, counted as the rows pass by, in bounded memory."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

from portal.datasets.manifest import Column, ColumnType

# What spreadsheets, R, pandas and UCI's files write for "no value".
MISSING = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "?"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DISTINCT_COUNTED = 1_000
VALUES_KEPT = 20
VALUE_CHARACTERS = 100


def number(cell: str) -> float | None:
    """The finite number that a cell is, or None."""
    if not NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if math.isfinite(value) else None


class Tally:
    """The running summary of one column."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.missing = 0
        self.numbers = 0
        self.texts = 0
        self.first_text: tuple[int, str] | None = None
        self.values: Counter[str] = Counter()
        self.more_values = False
        self._low = math.inf
        self._high = -math.inf
        self._sum = 0.0

    def add(self, cell: str, line: int) -> None:
        """Count one cell; `cell` is "" where the value is missing."""
        if not cell:
            self.missing += 1
            return
        self._count(cell[:VALUE_CHARACTERS])
        value = number(cell)
        if value is None:
            self.texts += 1
            self.first_text = self.first_text or (line, cell)
            return
        self.numbers += 1
        self._low, self._high = min(self._low, value), max(self._high, value)
        self._sum += value

    def _count(self, value: str) -> None:
        if value in self.values or len(self.values) < DISTINCT_COUNTED:
            self.values[value] += 1
        else:
            self.more_values = True

    @property
    def type(self) -> ColumnType:
        """A column is of numbers when every value that is there is one."""
        return "number" if self.numbers and not self.texts else "text"

    @property
    def all_different(self) -> bool:
        """Whether no value of a text column comes twice: a name or a number of a row."""
        seen = self.numbers + self.texts
        return self.type == "text" and seen > 1 and (self.more_values or len(self.values) == seen)

    def column(self) -> Column:
        """For the manifest."""
        values = self.values.most_common(VALUES_KEPT) if self.type == "text" else []
        return Column(self.name, self.type, self.missing, tuple(value for value, _ in values))

    def summary(self) -> dict[str, Any]:
        """For the preview."""
        mean = self._sum / self.numbers if self.type == "number" else None
        whole = mean is not None and math.isfinite(mean)
        return {
            "name": self.name,
            "type": self.type,
            "missing": self.missing,
            "distinct": len(self.values),
            "minimum": self._low if whole else None,
            "maximum": self._high if whole else None,
            "mean": mean if whole else None,
            "values": [list(item) for item in self.values.most_common(VALUES_KEPT)]
            if self.type == "text"
            else [],
        }
