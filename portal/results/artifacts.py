"""What a run leaves to take home: which names there are, and files opened for a download."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

from portal.language import N_, Message
from portal.results.confinement import NoPlainFile, folder_below, open_file
from portal.results.status import ARTIFACT, Status

FOLDER = "artifacts"
MOST_BYTES = 1 << 30

# By the ending alone, and only what the portal is ready to hand to a browser.
MEDIA_TYPES = {
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".txt": "text/plain",
}
OTHER_MEDIA_TYPE = "application/octet-stream"


def title_of(name: str) -> Message:
    """What a person calls a file."""
    match name:
        case "model.onnx":
            return N_("Model (ONNX)")
        case "labels.json":
            return N_("Names of the classes")
        case "confusion.json":
            return N_("Confusion matrix")
        case "predictions.json":
            return N_("Sample predictions")
        case "split.json":
            return N_("Which examples were held out for the test")
        case "report.html":
            return N_("Report")
    return N_("File {name}", name=name)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that is there; `kind` is the job's word for what it is good for."""

    name: str
    kind: str
    bytes: int
    media_type: str
    title: Message


@dataclass(frozen=True, slots=True)
class OpenArtifact:
    """A file opened for a download; `file` gives exactly `size` bytes at most."""

    name: str
    size: int
    media_type: str
    file: io.RawIOBase

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.file.close()


def listed(attempt: int, status: Status) -> list[Artifact]:
    """The files of a status that are really there, by a handle of the attempt's folder."""
    found = []
    for item in status.artifacts:
        try:
            with opened(attempt, item.name) as artifact:
                size, media_type = artifact.size, artifact.media_type
        except OSError:
            continue
        found.append(Artifact(item.name, item.kind, size, media_type, title_of(item.name)))
    return found


def opened(attempt: int, name: str) -> OpenArtifact:
    """Open a file below `artifacts/`. Raises `OSError`, also for a name or size beyond limits."""
    if not ARTIFACT.fullmatch(name):
        raise NoPlainFile(f"{name!r} is no name of an artifact")
    path = PurePosixPath(name)
    with folder_below(attempt, (FOLDER, *path.parts[:-1])) as folder:
        handle = open_file(folder, path.name)
    size = os.fstat(handle).st_size
    if size > MOST_BYTES:
        os.close(handle)
        raise NoPlainFile(f"{name!r} is longer than {MOST_BYTES} bytes")
    media_type = MEDIA_TYPES.get(path.suffix.lower(), OTHER_MEDIA_TYPE)
    return OpenArtifact(path.name, size, media_type, Bounded(handle, size))


class Bounded(io.RawIOBase):
    """A file that ends where it ended when it was opened, for its length is announced by then."""

    def __init__(self, handle: int, size: int) -> None:
        super().__init__()
        self._file = os.fdopen(handle, "rb", buffering=0)
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = memoryview(buffer)[: self._left]
        count = self._file.readinto(wanted) or 0
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
