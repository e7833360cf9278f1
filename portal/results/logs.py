"""The end of a log as a page can show it."""

from __future__ import annotations

import os
import re

from portal.results.documents import visible

FILE = "log.txt"
MOST_BYTES = 1 << 20
# ECMA-48's control sequences: colours and cursor movements of programs that think of a terminal.
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")


def read(handle: int, tail: int) -> str:
    """The last whole lines, of at most `tail` bytes."""
    most = max(0, min(tail, MOST_BYTES))
    start = max(0, os.fstat(handle).st_size - most)
    found = os.pread(handle, most, start)
    if start:
        found = found.partition(b"\n")[2] or found
    plain = ESCAPES.sub("", found.decode("utf-8", "replace").replace("\r\n", "\n"))
    # A progress bar writes over its own line: what was written last is what would be seen.
    return "\n".join(visible(line.rstrip("\r").rpartition("\r")[2]) for line in plain.split("\n"))
