"""Sending what waits: neither lost nor doubled, wherever the agent is stopped.

A batch is `forming` until its folder lies on the shared file system, and `submitting` from the
commit before sbatch is started until its job id is committed. What is found `submitting` after a
crash, or stays so after an answer that may mean either, is looked for in Slurm by its name before
it is ever sent again; even then each task's attempt can be claimed only once on the nodes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accelerators import Accelerator
from portal.agent import folders, forming, lease
from portal.catalog import Catalog
from portal.config import Settings
from portal.operations import tallies
from portal.runs.life import move
from portal.runs.states import RunState
from portal.scheduler import (
    Ambiguous,
    ArrayRequest,
    QuotaExceeded,
    Rejected,
    Scheduler,
    Unavailable,
)
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run, School

log = logging.getLogger(__name__)

# After Slurm refused for now or did not answer, the same is not asked again for this long.
BACKOFF_S = 5.0


class LeaseLost(Exception):
    """Another agent has taken over; this one must not act on what it remembers."""


@dataclass
class Dispatch:
    """Forms batches, sends them, and finds out what became of those that nobody vouches for."""

    settings: Settings
    store: Store
    catalog: Catalog
    accelerator: Accelerator
    scheduler: Scheduler
    holder: str
    program: str
    clock: Callable[[], float] = time.time
    # Set when this agent is asked to go; looked at before each submission.
    stop: threading.Event = field(default_factory=threading.Event, init=False)
    # Until when nothing is sent at all, and nothing of one Slurm account.
    _silent_until: float = 0.0
    _paused: dict[str, float] = field(default_factory=dict)
    _empty_since: dict[str, float] = field(default_factory=dict)

    def send_waiting(self) -> list[str]:
        """Send everything that waits; the ids of the batches that Slurm has acknowledged.

        What stops one school's batch (its limit, the storage) holds up no other's. An agent that is
        asked to go sends the one in hand; the others are formed anew by the next agent.
        """
        now = self.clock()
        self._paused = {account: until for account, until in self._paused.items() if until > now}
        if now < self._silent_until or not self._anything_waits():
            return []
        with self._leased() as session:
            forming.dissolve_unsent(session)
            size = self.settings.slurm.array_size
            formed = forming.form(session, self.catalog, now, size, without=self._paused)
            ids = [batch.id for batch in formed]
            ids += session.scalars(
                select(Batch.id).where(Batch.state == "forming", Batch.id.not_in(ids))
            )
        return [batch_id for batch_id in ids if not self.stop.is_set() and self._send(batch_id)]

    def recover(self, known: Mapping[str, int]) -> None:
        """Settle every batch whose submission nobody vouches for.

        `known` is the name and job id of every array in one complete answer of the controller. A
        batch that stays unknown to the controller and to accounting for longer than a submission
        can be on its way does not exist, and is sent again.
        """
        with self.store.reading(EVERYONE) as session:
            doubtful = select(Batch).where(Batch.state == "submitting")
            batches = [(b.id, b.submitting_since or 0.0) for b in session.scalars(doubtful)]
        for batch_id, since in batches:
            job_id = known.get(batch_id) or self._in_accounting(batch_id, since)
            if job_id is not None:
                self._adopt(batch_id, job_id, "adopted")
                continue
            empty_since = self._empty_since.setdefault(batch_id, self.clock())
            if self.clock() - empty_since >= self.settings.slurm.settle_s:
                self.send_again(batch_id)

    def no_answer(self) -> None:
        """The controller did not answer: what it did not say counts for nothing."""
        self._empty_since.clear()

    def _in_accounting(self, batch_id: str, since: float) -> int | None:
        try:
            past = self.scheduler.history([batch_id], since - 60)
        except Unavailable:
            self.no_answer()
            return None
        return past[0].job_id if past else None

    def _anything_waits(self) -> bool:
        with self.store.reading(EVERYONE) as session:
            waiting = (
                select(Run.id)
                .join(School, School.id == Run.school_id)
                .where(Run.state == RunState.WAITING, School.slurm_account.not_in(self._paused))
            )
            return session.scalar(waiting.limit(1)) is not None

    def _send(self, batch_id: str) -> bool:
        try:
            folder = self._lay_out(batch_id)
        except OSError as error:
            self._put_back(batch_id, "storage-refuses", str(error))
            return False
        request = self._commit_to_sending(batch_id, folder)
        if request is None:
            return False
        try:
            job = self.scheduler.submit(request)
        except Ambiguous as error:
            with self._leased() as session:
                _count(session, "in-doubt")
            log.warning("submission in doubt", extra={"batch": batch_id, "error": str(error)})
            return False
        except Unavailable as error:
            self._silent_until = self.clock() + BACKOFF_S
            self._put_back(batch_id, "no-answer-from-slurm", error.words)
            with self.store.begin(EVERYONE) as session:
                lease.note_answer(session, self.clock(), error.words or str(error))
            return False
        except QuotaExceeded as error:
            self._put_back(batch_id, "waiting-for-school-share", error.words)
            return False
        except Rejected as error:
            self._refuse(batch_id, error)
            return False
        self._adopt(batch_id, job.job_id, "accepted")
        return True

    def _lay_out(self, batch_id: str) -> Path:
        with self.store.reading(EVERYONE) as session:
            batch = session.get_one(Batch, batch_id)
            offer = self.accelerator.offer(batch.eighths)
            return folders.lay_out(self.settings, self.catalog, self.program, batch, offer)

    def _commit_to_sending(self, batch_id: str, folder: Path) -> ArrayRequest | None:
        """From this commit on the batch may exist in Slurm."""
        with self._leased() as session:
            batch = session.get_one(Batch, batch_id)
            # Its name is free only while it was never sent: then it is formed anew without them.
            # Otherwise it goes as it was, and the wish to stop follows it.
            fresh = batch.submitting_since is None
            if fresh and any(run.cancel_asked_at is not None for run in batch.runs):
                return None
            batch.state, batch.submitting_since = "submitting", self.clock()
            return self._request(batch, folder)

    def _request(self, batch: Batch, folder: Path) -> ArrayRequest:
        offer = self.accelerator.offer(batch.eighths)
        slurm, data = self.settings.slurm, self.settings.data
        return ArrayRequest(
            name=batch.id,
            tasks=len(batch.runs),
            script=folder / "program" / "runtime" / "job.sh",
            workdir=(data.node_root or data.root) / folders.batch_folder(batch.id),
            output="slurm-%a.out",
            account=batch.account,
            partition=slurm.partition,
            qos=slurm.qos,
            reservation=None,
            gres=offer.gres,
            cpus=offer.cpus,
            memory_mb=max(offer.memory_mb, batch.memory_mb),
            minutes=batch.minutes,
            # A job shorter than the signal's lead would be told to finish as it starts.
            signal_before_s=min(slurm.finish_signal_s, batch.minutes * 60 // 3),
        )

    def _adopt(self, batch_id: str, job_id: int, outcome: str) -> None:
        now = self.clock()
        with self._leased() as session:
            _count(session, outcome)
            batch = session.get_one(Batch, batch_id)
            batch.state, batch.job_id, batch.submitted_at = "submitted", job_id, now
            for run in batch.runs:
                if not RunState(run.state).final:
                    move(run, RunState.SUBMITTED, at=now)
        self._empty_since.pop(batch_id, None)
        log.info(
            "submitted",
            extra={
                "batch": batch_id,
                "job": job_id,
                "outcome": outcome,
                "runs": [run.id for run in batch.runs],
            },
        )

    def _put_back(self, batch_id: str, reason: str, words: str) -> None:
        """Nothing was made in Slurm: the runs wait, with the reason, and are tried again."""
        now = self.clock()
        with self._leased() as session:
            _count(session, "put-back")
            batch = session.get_one(Batch, batch_id)
            batch.state, batch.submitting_since, batch.error = "forming", None, words
            for run in batch.runs:
                move(run, RunState.WAITING, at=now, reason=reason, slurm_words=words)
            self._paused[batch.account] = now + BACKOFF_S
        log.warning(
            "not submitted, will be tried again",
            extra={"batch": batch_id, "reason": reason, "words": words},
        )

    def _refuse(self, batch_id: str, error: Rejected) -> None:
        with self._leased() as session:
            _count(session, "refused")
            batch = session.get_one(Batch, batch_id)
            batch.state, batch.error = "closed", error.words
            for run in batch.runs:
                move(
                    run,
                    RunState.FAILED,
                    at=self.clock(),
                    reason="refused-by-slurm",
                    slurm_words=error.words,
                )
        log.error("refused by Slurm", extra={"batch": batch_id, "words": error.words or str(error)})

    def send_again(self, batch_id: str) -> None:
        """Make a batch that Slurm surely does not have ready to be sent under the same name."""
        with self._leased() as session:
            _count(session, "sent-again")
            batch = session.get_one(Batch, batch_id)
            batch.state, batch.job_id, batch.submitted_at = "forming", None, None
            for run in batch.runs:
                if not RunState(run.state).final:
                    move(run, RunState.WAITING, at=self.clock(), reason="no-answer-from-slurm")
        self._empty_since.pop(batch_id, None)
        log.warning("not in Slurm, sent again", extra={"batch": batch_id})

    @contextmanager
    def _leased(self) -> Iterator[Session]:
        with self.store.begin(EVERYONE) as session:
            if not lease.hold(session, self.holder, self.clock(), self.settings.agent.lease_s):
                raise LeaseLost
            yield session


def _count(session: Session, outcome: str) -> None:
    tallies.add(session, {tallies.submission(outcome): 1})
