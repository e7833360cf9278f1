"""Many runs from a file: checked whole before the first is sent, and none is sent twice."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from portal.commands.connection import Connection
from portal.commands.failures import Refused
from portal.commands.speech import said
from portal.errors import Invalid, PortalError
from portal.language import N_, Message

WORDS = ("template", "data", "lesson")
NUMBERS = ("share", "minutes")
CHECKED_AT_ONCE = 100


@dataclass(frozen=True)
class Row:
    """A run of the file: what is sent for it, and under which key."""

    line: int
    body: Mapping[str, Any]
    key: str


def read_rows(file: Path, name: str) -> list[Row]:
    """The rows of a CSV whose first line names template, data, share, minutes, lesson, parameters.

    The key of a row is made of what it says, of how many rows before it say the same, and of
    `name`: so a file that has grown sends only what is new. Raises `Invalid`.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, restkey="")
        heads = reader.fieldnames or ()
        rows = [(reader.line_num, row) for row in reader]
    faults = dict(_faults(file, heads, rows))
    if faults:
        raise Invalid(faults)
    before: Counter[str] = Counter()
    found = []
    for line, row in rows:
        body = _body(row)
        words = json.dumps([name, body], sort_keys=True)
        before[words] += 1
        key = hashlib.sha256(f"{words}{before[words]}".encode()).hexdigest()
        found.append(Row(line, body, key))
    return found


def check(connection: Connection, file: Path, rows: Sequence[Row]) -> None:
    """Have the portal look at every row; raises `Refused` with the faults of all, by line."""
    faults: dict[str, list[str]] = {}
    last: Refused | None = None
    for begin in range(0, len(rows), CHECKED_AT_ONCE):
        part = rows[begin : begin + CHECKED_AT_ONCE]
        try:
            connection.post("/check", {"runs": [row.body for row in part]})
        except Refused as refused:
            if not refused.by_field:
                raise
            last = refused
            for field, messages in refused.by_field.items():
                _, number, rest = field.split(".", 2)
                faults[f"{file}:{part[int(number)].line}: {rest}"] = messages
    if last is not None:
        raise Refused(last.status, last.message, faults)


def send(connection: Connection, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Start every row's run, or be told of the one that it has started already."""
    for number, row in enumerate(rows):
        try:
            yield connection.post("/runs", row.body, key=row.key)
        except (Refused, PortalError):
            sent = N_(
                "{number} of {all} were sent. The same command again goes on with the rest.",
                number=number,
                all=len(rows),
            )
            click.echo(said(sent), err=True)
            raise


def _faults(
    file: Path, heads: Sequence[str], rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> Iterator[tuple[str, list[Message]]]:
    if "template" not in heads and "lesson" not in heads:
        yield f"{file}:1", [N_("The first line names the columns; one of them is template.")]
        return
    if not rows:
        yield str(file), [N_("There is no row below the first line.")]
    for line, row in rows:
        if "" in row or None in row.values():
            yield f"{file}:{line}", [N_("This row has not as many cells as the first line.")]
        for name in NUMBERS:
            words = (row.get(name) or "").strip()
            if words and not words.isdecimal():
                yield f"{file}:{line}: {name}", [N_("This is no whole number.")]
        for name, cell in row.items():
            if isinstance(cell, str) and cell.startswith("[") and _list(cell) is None:
                yield f"{file}:{line}: {name}", [N_("{value} is no JSON list.", value=cell)]


def _body(row: Mapping[str, str]) -> dict[str, Any]:
    """What is sent; an empty cell says nothing, so that the template's default holds."""
    given = {name.strip(): cell.strip() for name, cell in row.items() if cell.strip()}
    body: dict[str, Any] = {name: given.pop(name) for name in WORDS if name in given}
    body |= {name: int(given.pop(name)) for name in NUMBERS if name in given}
    parameters = {
        name: cell if (many := _list(cell)) is None else many for name, cell in given.items()
    }
    return {**body, "parameters": parameters}


def _list(cell: str) -> list[Any] | None:
    if not cell.startswith("["):
        return None
    try:
        found: list[Any] = json.loads(cell)
    except ValueError:
        return None
    return found
