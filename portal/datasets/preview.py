"""What a person sees of a data set before choosing it: `preview.json` beside the content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from portal.datasets.manifest import ClassCount, ColumnType
from portal.datasets.sentences import Malformed


@dataclass(frozen=True)
class ColumnSummary:
    """A column in a few numbers; `values` are a text column's most frequent ones with counts."""

    name: str
    type: ColumnType
    missing: int
    distinct: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class TablePreview:
    """The first rows of a table and a summary of each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    summary: tuple[ColumnSummary, ...]
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class PicturesPreview:
    """How many pictures each class has, and how to read the contact sheet.

    The sheet has `columns` cells of `cell` pixels in a row; row n shows the class `rows[n]`.
    """

    classes: tuple[ClassCount, ...]
    cell: int
    columns: int
    rows: tuple[str, ...]
    kind: Literal["pictures"] = "pictures"


Preview = TablePreview | PicturesPreview


def parse(found: Any) -> Preview:
    """The preview that the worker wrote. Raises `Malformed` for anything else."""
    try:
        if found["kind"] == "table":
            return TablePreview(
                tuple(map(str, found["columns"])),
                tuple(tuple(map(str, row)) for row in found["rows"]),
                tuple(_summary(item) for item in found["summary"]),
            )
        sheet = found["sheet"]
        return PicturesPreview(
            tuple(ClassCount(str(c["name"]), int(c["count"])) for c in found["classes"]),
            int(sheet["cell"]),
            int(sheet["columns"]),
            tuple(map(str, sheet["rows"])),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as cause:
        raise Malformed(f"not a preview: {cause!r}") from cause


def _summary(found: Any) -> ColumnSummary:
    return ColumnSummary(
        name=str(found["name"]),
        type="number" if found["type"] == "number" else "text",
        missing=int(found["missing"]),
        distinct=int(found["distinct"]),
        minimum=_number(found["minimum"]),
        maximum=_number(found["maximum"]),
        mean=_number(found["mean"]),
        values=tuple((str(value), int(count)) for value, count in found["values"]),
    )


def _number(found: Any) -> float | None:
    return None if found is None else float(found)
