"""Check a table, and write it down in one way: `data.csv`, `preview.json`, its manifest."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

from portal.datasets.columns import MISSING, Tally
from portal.datasets.encoding import encoding_of
from portal.datasets.files import PREVIEW, TABLE
from portal.datasets.header import label_of, names_of
from portal.datasets.limits import Limits
from portal.datasets.manifest import ClassCount, TableManifest
from portal.datasets.records import records, refusal
from portal.datasets.sentences import word, words
from portal.errors import Invalid
from portal.language import N_, Message

PREVIEW_ROWS = 20
PREVIEW_CHARACTERS = 200
FAULTS_SHOWN = 5


def check_table(source: Path, out: Path, limits: Limits, label: str | None) -> TableManifest:
    """Read `source`, write `data.csv` and `preview.json` into `out`.

    Raises `Invalid` with every fault that a person can mend, each with its line.
    """
    with (
        source.open(encoding=encoding_of(source), newline="") as text,
        (out / TABLE).open("w", encoding="utf-8", newline="") as data,
    ):
        lines = records(text, limits)
        _, cells = next(lines)
        names = names_of(cells, limits)
        table = _Table(names, label_of(names, label), limits)
        writer = csv.writer(data, lineterminator="\n")
        writer.writerow(names)
        for line, cells in lines:
            row = table.row(line, cells)
            if row is not None:
                writer.writerow(row)
    table.refuse_if_bad()
    (out / PREVIEW).write_text(json.dumps(table.preview(), ensure_ascii=False), encoding="utf-8")
    return table.manifest((out / TABLE).stat().st_size)


class _Table:
    """What is known of a table as its rows pass by."""

    def __init__(self, names: list[str], label: str, limits: Limits) -> None:
        self._names = names
        self._label = label
        self._place = names.index(label)
        self._limits = limits
        self._tallies = [Tally(name) for name in names]
        self._classes: Counter[str] = Counter()
        self._first: list[list[str]] = []
        self._rows = 0
        self._without_label = 0
        self._faults: list[Message] = []
        self._more_faults = 0

    def row(self, line: int, cells: list[str]) -> list[str] | None:
        """The row as it will be kept, or None where it is left out."""
        width = len(self._names)
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if len(cells) != width:
            self._ragged(line, len(cells))
            return None
        row = ["" if cell in MISSING else cell for cell in cells]
        if not row[self._place]:
            self._without_label += 1
            return None
        self._rows += 1
        if self._rows > self._limits.table_rows:
            raise refusal(
                N_(
                    "The table has more than {limit} rows. Take a part of it.",
                    limit=self._limits.table_rows,
                )
            )
        self._count_class(row[self._place], line)
        for tally, cell in zip(self._tallies, row, strict=True):
            tally.add(cell, line)
        if len(self._first) < PREVIEW_ROWS:
            self._first.append([cell[:PREVIEW_CHARACTERS] for cell in row])
        return row

    def _ragged(self, line: int, found: int) -> None:
        if len(self._faults) == FAULTS_SHOWN:
            self._more_faults += 1
            return
        self._faults.append(
            N_(
                "Line {line} has {found} values, the first line has {expected}.",
                line=line,
                found=found,
                expected=len(self._names),
            )
        )

    def _count_class(self, name: str, line: int) -> None:
        if len(name) > self._limits.class_name_characters:
            raise Invalid.one(
                "label",
                N_(
                    "The label in line {line} is longer than {limit} characters. "
                    "Is “{label}” the column to be guessed?",
                    line=line,
                    limit=self._limits.class_name_characters,
                    label=self._label,
                ),
            )
        self._classes[name] += 1
        if len(self._classes) > self._limits.classes:
            raise Invalid.one(
                "label",
                N_(
                    "The column “{label}” has more than {limit} different values, so it cannot "
                    "be the label. Choose the column that names the class.",
                    label=self._label,
                    limit=self._limits.classes,
                ),
            )

    def refuse_if_bad(self) -> None:
        """Raise `Invalid` for what is known to be wrong once every row has been seen."""
        if self._more_faults:
            self._faults.append(
                N_("More lines with the wrong number of values: {count}.", count=self._more_faults)
            )
        if self._faults:
            raise Invalid({"file": self._faults})
        if self._rows + self._without_label == 0:
            raise refusal(N_("There are no rows below the first line."))
        if not self._classes:
            raise Invalid.one(
                "label",
                N_("The label column “{label}” is empty in every row.", label=self._label),
            )
        if len(self._classes) == 1:
            raise Invalid.one(
                "label",
                N_(
                    "The label column “{label}” has the same value, “{value}”, in every row. "
                    "At least two classes are needed.",
                    label=self._label,
                    value=word(next(iter(self._classes))),
                ),
            )
        if self._rows < self._limits.table_rows_needed:
            raise refusal(
                N_(
                    "The table has {found} rows; at least {needed} are needed.",
                    found=self._rows,
                    needed=self._limits.table_rows_needed,
                )
            )

    def _warnings(self) -> tuple[Message, ...]:
        found = []
        if self._without_label:
            found.append(
                N_("Rows without a label were left out: {count}.", count=self._without_label)
            )
        few = [name for name, count in self._classes.items() if count < 2]
        if few:
            found.append(
                N_("Some classes have a single row, too few to learn: {names}.", names=words(few))
            )
        for tally in self._tallies:
            if tally.name == self._label:
                continue
            if tally.missing == self._rows:
                found.append(N_("Column “{name}” is empty.", name=tally.name))
            elif tally.first_text and tally.numbers > 9 * tally.texts:
                line, value = tally.first_text
                found.append(
                    N_(
                        "Column “{name}” counts as text because of values such as “{value}” in "
                        "line {line}.",
                        name=tally.name,
                        value=word(value),
                        line=line,
                    )
                )
            elif tally.all_different:
                found.append(
                    N_(
                        "Column “{name}” is different in every row, so nothing can be learnt "
                        "from it.",
                        name=tally.name,
                    )
                )
        return tuple(found)

    def preview(self) -> dict[str, object]:
        """The first rows, and a summary of each column."""
        return {
            "kind": "table",
            "columns": self._names,
            "rows": self._first,
            "summary": [tally.summary() for tally in self._tallies],
        }

    def manifest(self, size: int) -> TableManifest:
        """What the table is."""
        return TableManifest(
            rows=self._rows,
            columns=tuple(tally.column() for tally in self._tallies),
            label=self._label,
            classes=tuple(ClassCount(n, c) for n, c in sorted(self._classes.items())),
            bytes=size,
            warnings=self._warnings(),
        )
