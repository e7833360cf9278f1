"""Receive an upload: two halves, so that no lock of the database is held while a file comes in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.datasets import checking, incoming
from portal.datasets.contents import Contents, size_of
from portal.datasets.incoming import Stream
from portal.datasets.limits import Limits
from portal.datasets.manifest import Manifest, TableManifest
from portal.datasets.shelf import Entry, put
from portal.datasets.shown import NOBODY, Shown, require_allowed
from portal.datasets.turns import turn
from portal.datasets.viewer import Viewer
from portal.errors import Invalid, NotAllowed
from portal.language import N_, Text
from portal.store.tables import DataSet

NAME_CHARACTERS = 100


@dataclass(frozen=True)
class Taken:
    """A content that is checked and on the shelf, and has no name yet."""

    sha256: str
    size: int
    manifest: Manifest


def receive(
    session: Session,
    viewer: Viewer,
    settings: Settings,
    stream: Stream,
    filename: str,
    name: str,
    label: str | None = None,
    length: int | None = None,
) -> DataSet:
    """Take a file in and give it a name. Call this before any other statement of the session.

    `filename` only serves as the name where none was given. Raises `Invalid` (fields `file`,
    `label`, `name`), `TooLarge`, `NotAllowed`, `Unavailable`.
    """
    title = name_of(name, filename)
    may_upload(viewer)
    taken = take_in(settings, stream, label=label, length=length)
    return shelve(session, viewer, taken, title)


def take_in(
    settings: Settings,
    stream: Stream,
    *,
    label: str | None = None,
    length: int | None = None,
    class_names: Mapping[str, Text] | None = None,
) -> Taken:
    """Stream a file to the data root, have it checked, put it on the shelf. Touches no database.

    A file that was taken in before, in the same way, is not checked or stored again. Raises
    `Unavailable` where too many others are being checked.
    """
    contents, limits = Contents(settings.data.root), Limits.of(settings.data)
    how = _How(label.strip() or None if label else None, class_names or {})
    room = contents.new_folder()
    try:
        upload = room / "upload"
        digest = incoming.save(stream, upload, limits, length)
        known = how.known(contents, digest)
        if known is None:
            out = room / "content"
            out.mkdir()
            order = checking.Order(upload, limits, how.label, how.class_names)
            with turn(contents.turns, settings.data.checks_at_once):
                known = how.key(digest, checking.check(order, out, room))
            contents.publish(out, known)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return Taken(known, size_of(contents.folder(known)), contents.manifest(known))


def shelve(
    session: Session,
    viewer: Viewer,
    taken: Taken,
    name: str,
    *,
    name_en: str | None = None,
    licence: str | None = None,
    source: str | None = None,
    shown: Shown = NOBODY,
) -> DataSet:
    """Give a content a name and an owner; what staff upload belongs to the centre.

    The same content under the same name by the same person is the data set that is there. Raises
    `NotAllowed`, and `Invalid` (name; personal, where it shows people and the school has not
    consented to that).
    """
    may_upload(viewer)
    require_allowed(session, viewer, shown)
    zh = name_of(name, "")
    title = Text(zh=zh, en=name_of(name_en, "") if name_en else zh)
    entry = Entry(viewer.user_id, viewer.school_id, title, licence, source, shown=shown)
    return put(session, entry, taken.sha256, taken.size, taken.manifest)


def may_upload(viewer: Viewer) -> None:
    """Raise `NotAllowed` for pupils: what they may learn from is their teacher's choice."""
    if viewer.role == "seat":
        raise NotAllowed(N_("Ask your teacher to upload data."))


def name_of(name: str, filename: str) -> str:
    """The name to show: what was typed, or the file's. Raises `Invalid` where it cannot be one."""
    shown = name.strip() or PurePath(filename.replace("\\", "/")).stem.strip()
    if not shown:
        raise Invalid.one("name", N_("Give the data set a name."))
    if len(shown) > NAME_CHARACTERS or not shown.isprintable():
        raise Invalid.one(
            "name",
            N_(
                "A name has at most {limit} characters, all of them visible.",
                limit=NAME_CHARACTERS,
            ),
        )
    return shown


@dataclass(frozen=True)
class _How:
    """What was asked for besides the bytes; the same bytes read in two ways are two contents."""

    label: str | None
    class_names: Mapping[str, Text]

    def known(self, contents: Contents, digest: str) -> str | None:
        """The content that these bytes became before."""
        own = self._own_key(digest)
        if contents.has(own):
            return own
        if not self.class_names and contents.has(digest):
            manifest = contents.manifest(digest)
            if isinstance(manifest, TableManifest) and manifest.label != self.label:
                return None
            return digest
        return None

    def key(self, digest: str, manifest: Manifest) -> str:
        """Where a fresh content goes: the hash of the upload, unless it was read unusually."""
        if self.class_names:
            return self._own_key(digest)
        if isinstance(manifest, TableManifest) and manifest.label != manifest.columns[-1].name:
            return self._own_key(digest)
        return digest

    def _own_key(self, digest: str) -> str:
        if self.label is None and not self.class_names:
            return digest
        names = {name: [text.zh, text.en] for name, text in self.class_names.items()}
        way = json.dumps([digest, self.label, names], sort_keys=True)
        return sha256(way.encode()).hexdigest()
