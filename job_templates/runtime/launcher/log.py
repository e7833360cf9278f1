"""log.txt: the beginning and the end of what a program prints, a few megabytes at most."""

from __future__ import annotations

from collections import deque
from pathlib import Path

MOST = 5 * 1024 * 1024
KEPT_FOR_THE_END = 64 * 1024


class CappedLog:
    """Takes bytes without end and keeps the first and the last of them."""

    def __init__(self, path: Path, most: int = MOST, end: int = KEPT_FOR_THE_END) -> None:
        self._file = path.open("wb", buffering=0)
        self._room = most - end
        self._end_size = end
        self._end: deque[bytes] = deque()
        self._end_held = 0
        self._left_out = 0
        self._tail = b""

    def write(self, body: bytes) -> None:
        """Adds what the program printed."""
        self._tail = (self._tail + body)[-4096:]
        now, later = body[: self._room], body[self._room :]
        if now:
            self._file.write(now)
            self._room -= len(now)
        if later:
            self._end.append(later)
            self._end_held += len(later)
        while self._end and self._end_held - len(self._end[0]) >= self._end_size:
            dropped = self._end.popleft()
            self._end_held -= len(dropped)
            self._left_out += len(dropped)

    def last_line(self) -> str:
        """The last line that says something; often it is the error."""
        lines = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")

    def close(self) -> None:
        """Writes the end behind the beginning."""
        if self._left_out:
            self._file.write(b"\n[... %d bytes left out ...]\n" % self._left_out)
        self._file.write(b"".join(self._end)[-self._end_size :])
        self._file.close()
