"""Tables for a spreadsheet: CSV that none takes for anything but text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, stream_with_context

# A cell that begins with one of these is a formula to a spreadsheet (OWASP ASVS 5.0, 1.2.10).
FORMULA = tuple("=+-@\t\r\0")
# Without it a spreadsheet takes UTF-8 for the code page of its own machine.
MARK = "\ufeff"


def answer(file_name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A download of rows, sent as they are made; text cells are made harmless."""
    return Response(
        stream_with_context(_lines(rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={file_name}"},
    )


def harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers are what they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield MARK
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow(map(harmless, row))
        yield line.getvalue()
