"""Everything of a run, or of a class, in one zip file that is made while it is sent."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from portal.errors import NotFound
from portal.results import logs, points
from portal.results.artifacts import MOST_BYTES, Bounded
from portal.results.folder import RunFolder

CHUNK = 1 << 18
PACKED_ALREADY = (".png", ".jpg", ".webp", ".zip")


# Where a file lies in the archive, the file, and its size in bytes at most.
Member = tuple[PurePosixPath, BinaryIO | io.RawIOBase, int]


def zip_stream(entries: Iterable[tuple[str, RunFolder, int]]) -> Iterator[bytes]:
    """The bytes of a zip file with a folder for each (name, run folder, attempt).

    An empty name puts the files at the top. Files that vanish meanwhile are left out.
    """
    return zipped(
        member
        for prefix, folder, attempt in entries
        for member in members_of(prefix, folder, attempt)
    )


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """The bytes of a zip file of files that are opened one after the other, and closed."""
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for place, file, size in members:
            with file, archive.open(_member(place, size), "w") as member:
                while chunk := file.read(CHUNK):
                    member.write(chunk)
                    yield sink.take()
    yield sink.take()


def members_of(prefix: str, folder: RunFolder, attempt: int) -> Iterator[Member]:
    """What an attempt has left, each file below `prefix`."""
    for name, file, size in _files(folder, attempt):
        yield PurePosixPath(prefix, name), file, size


def _files(folder: RunFolder, attempt: int) -> Iterator[tuple[str, io.RawIOBase, int]]:
    for artifact in folder.artifacts(attempt):
        try:
            found = folder.open(attempt, artifact.name)
        except NotFound:
            continue
        yield artifact.name, found.file, found.size
    for name in (points.FILE, logs.FILE):
        try:
            with folder.opened(attempt, name) as handle:
                size = min(os.fstat(handle).st_size, MOST_BYTES)
                file = Bounded(os.dup(handle), size)
        except OSError:
            continue
        yield name, file, size


def _member(place: PurePosixPath, size: int) -> ZipInfo:
    info = ZipInfo(str(place), time.localtime()[:6])
    info.file_size = size  # a long one needs another form, which is chosen before it is written
    info.compress_type = ZIP_STORED if place.suffix in PACKED_ALREADY else ZIP_DEFLATED
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
