"""The table of a data set: `data.csv` in UTF-8 with a header; empty cells are missing values."""

from __future__ import annotations

import csv
from pathlib import Path

from runtime.failures import DataUnreadable
from runtime.files import read_json


class Table:
    """Columns by name; a row number counts from 0 = the first row below the header.

    `place` is a data set's folder; on a laptop it may also be a .csv, its label in the last column.
    """

    def __init__(self, place: Path) -> None:
        file = place if place.suffix == ".csv" else place / "data.csv"
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                rows = list(csv.reader(lines))
            manifest = {} if file == place else read_json(place / "manifest.json")
        except (OSError, ValueError, csv.Error) as error:
            raise DataUnreadable(f"{file}: {error}") from error
        if len(rows) < 2:
            raise DataUnreadable(f"{file}: there are no rows")
        self.names, self.rows = rows[0], rows[1:]
        ragged = next((n for n, row in enumerate(self.rows) if len(row) != len(self.names)), None)
        if ragged is not None:
            raise DataUnreadable(f"{file}: row {ragged} has not {len(self.names)} cells")
        self.label: str = str(manifest.get("label") or self.names[-1])
        if self.label not in self.names:
            raise DataUnreadable(f"{file}: there is no column {self.label!r}")

    def column(self, name: str) -> list[str]:
        """The cells of a column as they stand in the file."""
        place = self.names.index(name)
        return [row[place].strip() for row in self.rows]

    def numbers(self, name: str) -> list[float] | None:
        """A column as numbers with NaN for empty cells; None when it holds anything else."""
        try:
            return [float(cell) if cell else float("nan") for cell in self.column(name)]
        except ValueError:
            return None
