"""The table at the end: each way to Slurm on each version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stage.matrix.cells import Cell

# No release of pyslurm is for Slurm 26.05, and no Debian has the Slurm that the newest one is for.
NOTES = ("pyslurm 25.11: not run, because no Debian has Slurm 25.11 (docs/pyslurm.md)",)
NO_CELL = Cell(why="")


def rendered(columns: Mapping[str, Mapping[str, Cell]]) -> str:
    """`columns` is title → way → cell. Below the table stands why, and what failed."""
    ways = sorted({way for column in columns.values() for way in column}, key=_order)
    rows = [["", *columns]]
    rows += [[way, *(str(column.get(way, "")) for column in columns.values())] for way in ways]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, "", *_reasons(columns, ways), *NOTES])


def _order(way: str) -> tuple[int, str]:
    first = ("memory", "commands", "pyslurm", "rest")
    found = [index for index, name in enumerate(first) if way.startswith(name)]
    return (found[0] if found else len(first), way)


def _reasons(columns: Mapping[str, Mapping[str, Cell]], ways: Sequence[str]) -> list[str]:
    lines = []
    for title, column in columns.items():
        for way in ways:
            cell = column.get(way, NO_CELL)
            lines += [f"{title}, {way}: failed: {name}" for name in cell.failed]
            if cell.why:
                what = "not run" if not cell.ran else f"not run {cell.not_run}"
                lines.append(f"{title}, {way}: {what}: {cell.why}")
    return lines
