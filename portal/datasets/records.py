"""The records of a CSV file, one by one, each with the line it begins in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from portal.datasets.limits import Limits
from portal.errors import Invalid
from portal.language import N_, Message

# "，" is what a Chinese keyboard gives for a comma.
DELIMITERS = (",", "\t", ";", "，", "|")

Record = tuple[int, list[str]]

NOTHING = N_("The file is empty.")


def records(text: TextIO, limits: Limits) -> Iterator[Record]:
    """(line, cells) of every record that is not blank, at least one; cells are stripped.

    Raises `Invalid` with the line for what cannot be read.
    """
    lines = _Lines(text, limits.line_characters)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise refusal(NOTHING)
    csv.field_size_limit(limits.cell_characters)
    began, found = lines.number, False
    # People put a blank after a comma, and the quotation mark after that.
    reader = csv.reader(lines.from_line(first), delimiter=_delimiter(first), skipinitialspace=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise refusal(
                N_(
                    "Line {line} has a value longer than {limit} characters. "
                    "Perhaps a quotation mark is missing there.",
                    line=began,
                    limit=limits.cell_characters,
                )
            ) from None
        if cells is None:
            break
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            found = True
            yield began, stripped
        began = lines.number + 1
    if not found:
        raise refusal(NOTHING)


def refusal(message: Message) -> Invalid:
    """A fault of the file."""
    return Invalid.one("file", message)


def _delimiter(header: str) -> str:
    """The separator that cuts the header into the most names; a comma where none does."""
    return max(DELIMITERS, key=lambda delimiter: _width(header, delimiter))


def _width(header: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=delimiter), []))
    except csv.Error:  # a name too long with this separator
        return 0


class _Lines:
    """The lines of a file, none longer than allowed and none with a NUL in it."""

    def __init__(self, text: TextIO, longest: int) -> None:
        self._text = text
        self._longest = longest
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(self._longest + 1):
            self.number += 1
            if len(line) > self._longest:
                raise refusal(
                    N_(
                        "Line {line} is longer than {limit} characters. Is this a table?",
                        line=self.number,
                        limit=self._longest,
                    )
                )
            if "\0" in line:
                raise refusal(
                    N_(
                        "Line {line} has characters that are no text. "
                        "Save the table again as “CSV UTF-8”.",
                        line=self.number,
                    )
                )
            yield line

    def from_line(self, first: str) -> Iterator[str]:
        """All lines from one on that was taken already."""
        yield first
        yield from self
