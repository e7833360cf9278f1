"""What is swept once an hour: contents that nobody has, uploads cut off, old keys and guesses."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select

from portal.agent.folders import batch_folder
from portal.config import Settings
from portal.datasets.housekeeping import sweep
from portal.people import guesses, tokens
from portal.store import EVERYONE, Store
from portal.store.tables import Answered, Batch

log = logging.getLogger(__name__)

EVERY_S = 3600.0
# A client that repeats a request does so within minutes; a week is for one that was switched off.
KEYS_KEPT_S = 7 * 86_400.0
# The working folder of a batch holds nothing of the runs, only what Slurm wrote beside them.
BATCHES_KEPT_S = 14 * 86_400.0


@dataclass
class Housekeeping:
    """Keeps the database and the data root from growing for ever."""

    settings: Settings
    store: Store
    clock: Callable[[], float] = time.time

    def sweep(self) -> None:
        """One round; whatever is swept is no longer reachable by anybody."""
        now = self.clock()
        with self.store.begin(EVERYONE) as session:
            session.execute(delete(Answered).where(Answered.created_at < now - KEYS_KEPT_S))
            guesses.forget_old(session, now)
            tokens.forget_old(session, now)
            swept = sweep(session, self.settings, now)
            old = select(Batch.id).where(
                Batch.state == "closed", Batch.created_at < now - BATCHES_KEPT_S
            )
            folders = [self.settings.data.root / batch_folder(b) for b in session.scalars(old)]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        log.info(
            "swept",
            extra={
                "contents": swept.contents,
                "bytes": swept.bytes,
                "uploads": swept.uploads,
                "batches": len(folders),
            },
        )
