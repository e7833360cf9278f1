"""Throw away what nobody uses: contents without a data set, and uploads that were given up."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.datasets.contents import Contents, size_of
from portal.store.tables import Content, DataSet

# Longer than any upload lasts: a content is on the shelf before its data set is in the database.
GRACE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Swept:
    """What was thrown away; `bytes` is the room that the contents took."""

    contents: int
    bytes: int
    uploads: int


def sweep(session: Session, settings: Settings, now: float | None = None) -> Swept:
    """Sweep the data root. `session` must see everyone's rows; `now` is UTC seconds."""
    contents = Contents(settings.data.root)
    before = (time.time() if now is None else now) - GRACE_SECONDS
    uploads = list(contents.abandoned(before))
    for folder in uploads:
        shutil.rmtree(folder, ignore_errors=True)
    old = {sha256 for sha256, wanted_at in contents.all() if wanted_at < before}
    unused = old - set(session.scalars(select(DataSet.sha256)))
    size = 0
    for sha256 in sorted(unused):
        # Somebody may have uploaded it again since it was looked at.
        if contents.folder(sha256).stat().st_mtime >= before:
            continue
        size += size_of(contents.folder(sha256))
        session.execute(delete(Content).where(Content.sha256 == sha256))
        contents.discard(sha256)
    return Swept(len(unused), size, len(uploads))
