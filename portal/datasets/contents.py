"""The shelf of contents: one folder for each, found by its hash, whole or not there at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from portal.datasets import manifest as manifests
from portal.datasets import preview as previews
from portal.datasets.files import CONTACT_SHEET, MANIFEST, PREVIEW
from portal.datasets.manifest import Manifest
from portal.datasets.preview import Preview

HASH = re.compile(r"[0-9a-f]{64}")
INCOMING = ".incoming"
CHECKING = ".checking"


class Contents:
    """`<data root>/contents`."""

    def __init__(self, data_root: Path) -> None:
        self._root = data_root / "contents"

    def relative(self, sha256: str) -> str:
        """The folder as it is named below the data root, for files that nodes read."""
        if not HASH.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return f"contents/{sha256[:2]}/{sha256}"

    def folder(self, sha256: str) -> Path:
        """The folder of a content, which need not be there."""
        return self._root.parent / self.relative(sha256)

    def has(self, sha256: str) -> bool:
        """Whether it is there. If so it is marked as wanted just now, and so not swept."""
        folder = self.folder(sha256)
        try:
            os.utime(folder)
        except FileNotFoundError:
            return False
        except PermissionError:  # somebody else's, say root's who imported it: there all the same
            return folder.is_dir()
        return True

    def manifest(self, sha256: str) -> Manifest:
        """What a content is."""
        return manifests.parse(_json(self.folder(sha256) / MANIFEST))

    def preview(self, sha256: str) -> Preview:
        """What to show of it."""
        return previews.parse(_json(self.folder(sha256) / PREVIEW))

    def contact_sheet(self, sha256: str) -> Path:
        """The WebP picture that shows a set of pictures; a table has none."""
        return self.folder(sha256) / CONTACT_SHEET

    def new_folder(self) -> Path:
        """A fresh folder to make a content in, on the same file system."""
        folder = self._root / INCOMING / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    @property
    def turns(self) -> Path:
        """The folder where those who check an upload are counted."""
        return self._root / CHECKING

    def publish(self, made: Path, sha256: str) -> None:
        """Put a finished folder on the shelf. If another was faster, that one stays."""
        for file in made.iterdir():
            _sync(file)
        _sync(made)
        place = self.folder(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            made.rename(place)
        except OSError:
            if not self.has(sha256):
                raise
            shutil.rmtree(made)
        else:
            _sync(place.parent)

    def discard(self, sha256: str) -> None:
        """Take a content off the shelf in one step, then delete it."""
        trash = self._root / INCOMING / f"trash-{uuid.uuid4().hex}"
        trash.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.folder(sha256).rename(trash)
        except FileNotFoundError:
            return
        shutil.rmtree(trash)

    def all(self) -> Iterator[tuple[str, float]]:
        """Hash of every content on the shelf, and when it was last wanted (UTC seconds)."""
        for folder in self._root.glob("??/*"):
            if HASH.fullmatch(folder.name):
                yield folder.name, folder.stat().st_mtime

    def abandoned(self, before: float) -> Iterator[Path]:
        """Folders of uploads that nothing has happened to since `before` (UTC seconds)."""
        for folder in (self._root / INCOMING).glob("*"):
            if folder.stat().st_mtime < before:
                yield folder


def size_of(folder: Path) -> int:
    """Bytes of the files of a content."""
    return sum(file.stat().st_size for file in folder.iterdir())


def _json(path: Path) -> object:
    found: object = json.loads(path.read_text(encoding="utf-8"))
    return found


def _sync(path: Path) -> None:
    """What was written is on the disk before its name is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
