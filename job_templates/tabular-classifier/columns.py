"""The chosen columns of a table as numbers, and which rows are learnt from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime import Run, TooLittleData
from runtime.table import Table

MOST_VALUES = 20
MOST_ROWS = 5000
"""More rows than this teach a school class nothing new and keep its neighbours waiting."""

LEAST_PER_CLASS = 4
LARGEST = 1e30
UNKNOWN = -1.0


@dataclass(frozen=True)
class Column:
    """A feature: a number, or a text whose place in `values` is the number (-1 = another)."""

    name: str
    values: tuple[str, ...] | None = None

    def encode(self, table: Table) -> np.ndarray:
        """The column as float32; NaN where a number is missing."""
        if self.values is not None:
            places = {value: float(place) for place, value in enumerate(self.values)}
            cells = [places.get(cell, UNKNOWN) for cell in table.column(self.name)]
            return np.array(cells, dtype=np.float32)
        numbers = np.array(table.numbers(self.name), dtype=np.float64)
        return np.where(np.abs(numbers) < LARGEST, numbers, np.nan).astype(np.float32)


@dataclass(frozen=True)
class Rows:
    """Which rows are learnt from, in an order whose every beginning has all classes in it, and
    which are kept for the test. Row 0 is the first below the header.
    """

    labels: tuple[str, ...]
    truths: dict[int, int]
    learn: tuple[int, ...]
    test: tuple[int, ...]


def split(run: Run, table: Table) -> Rows:
    """The same test rows for every seat of a class: the order depends on the table alone.

    Raises:
        TooLittleData: fewer than two classes have enough rows.
    """
    by_class: dict[str, list[int]] = {}
    for row, label in enumerate(table.column(table.label)):
        if label:
            by_class.setdefault(label, []).append(row)
    classes = {name: rows for name, rows in by_class.items() if len(rows) >= LEAST_PER_CLASS}
    if len(classes) < 2:
        raise TooLittleData(f"{len(classes)} classes of {table.label} have {LEAST_PER_CLASS} rows")
    kept = min(1.0, MOST_ROWS / sum(map(len, classes.values())))
    share = float(run.parameters["held_out"])
    labels = tuple(sorted(classes))
    truths: dict[int, int] = {}
    test: list[int] = []
    learn: list[tuple[float, int]] = []
    for number, label in enumerate(labels):
        rows = list(classes[label])
        random.Random(len(rows)).shuffle(rows)  # noqa: S311 - a fixed order, no secret
        rows = rows[: max(LEAST_PER_CLASS, int(len(rows) * kept))]
        truths.update(dict.fromkeys(rows, number))
        held = min(max(1, round(len(rows) * share)), len(rows) - 2)
        test += rows[:held]
        rest = rows[held:]
        learn += [(place / len(rest), row) for place, row in enumerate(rest)]
    return Rows(labels, truths, tuple(row for _, row in sorted(learn)), tuple(sorted(test)))


def chosen(run: Run, table: Table, learn: Sequence[int]) -> list[Column]:
    """The columns that the run judges by; one that is empty in all rows is left out.

    Raises:
        TooLittleData: nothing is left.
    """
    names: list[Any] = run.parameters.get("features") or [
        name for name in table.names if name != table.label
    ]
    columns = []
    for name in names:
        if name not in table.names or name == table.label:
            continue
        cells = table.column(name)
        seen = Counter(cells[row] for row in learn if cells[row])
        if not seen:
            continue
        if table.numbers(name) is not None:
            columns.append(Column(name))
        else:
            columns.append(Column(name, tuple(sorted(v for v, _ in seen.most_common(MOST_VALUES)))))
    if not columns:
        raise TooLittleData("none of the chosen columns has anything in it")
    return columns
