"""Everything of a run, or of a class, in one zip file that is made while it is sent."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from portal.errors import NotFound
from portal.results import logs, points
from portal.results.artifacts import MOST_BYTES, Bounded
from portal.results.folder import RunFolder

CHUNK = 1 << 18
PACKED_ALREADY = (".png", ".jpg", ".webp", ".zip")


def zip_stream(entries: Iterable[tuple[str, RunFolder, int]]) -> Iterator[bytes]:
    """The bytes of a zip file with a folder for each (name, run folder, attempt).

    An empty name puts the files at the top. Files that vanish meanwhile are left out.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for prefix, folder, attempt in entries:
            for name, file in _files(folder, attempt):
                with file, archive.open(_member(prefix, name), "w") as member:
                    while chunk := file.read(CHUNK):
                        member.write(chunk)
                        yield sink.take()
    yield sink.take()


def _files(folder: RunFolder, attempt: int) -> Iterator[tuple[str, io.RawIOBase]]:
    for artifact in folder.artifacts(attempt):
        try:
            yield artifact.name, folder.open(attempt, artifact.name).file
        except NotFound:
            continue
    for name in (points.FILE, logs.FILE):
        try:
            with folder.opened(attempt, name) as handle:
                size = min(os.fstat(handle).st_size, MOST_BYTES)
                file = Bounded(os.dup(handle), size)
        except OSError:
            continue
        yield name, file


def _member(prefix: str, name: str) -> ZipInfo:
    info = ZipInfo(str(PurePosixPath(prefix, name)), time.localtime()[:6])
    info.compress_type = ZIP_STORED if name.endswith(PACKED_ALREADY) else ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


class _Sink(io.RawIOBase):
    """Where `ZipFile` writes to: it can only go forward, and is emptied as it goes."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        written = bytes(self._written)
        self._written.clear()
        return written
