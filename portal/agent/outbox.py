"""What becomes of batches on their way to Slurm, written down: each step is one transaction.

Every step is taken only by the agent that holds the lease, and looks for it in its own transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from portal.agent import lease
from portal.operations import tallies
from portal.runs import life
from portal.runs.life import move
from portal.runs.states import RunState
from portal.scheduler import Rejected
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another agent has taken over; this one must not act on what it remembers."""


@dataclass(frozen=True)
class Outbox:
    """The batches of one database, as the agent `holder` writes them."""

    store: Store
    holder: str
    lease_s: float
    clock: Callable[[], float]

    @contextmanager
    def leased(self) -> Iterator[Session]:
        """A transaction of the agent that holds the lease; raises `LeaseLost` for any other."""
        with self.store.begin(EVERYONE) as session:
            if not lease.hold(session, self.holder, self.clock(), self.lease_s):
                raise LeaseLost
            yield session

    def adopt(self, jobs: Mapping[str, int], outcome: str) -> None:
        """Write down which job each of these batches is."""
        now = self.clock()
        with self.leased() as session:
            _count(session, outcome, len(jobs))
            taken = {"state": "submitted", "submitted_at": now}
            rows = [{"id": batch_id, "job_id": job, **taken} for batch_id, job in jobs.items()]
            session.execute(update(Batch), rows)
            runs = life.submitted(session, jobs, now)
        for batch_id, job in jobs.items():
            log.info(
                "submitted",
                extra={"batch": batch_id, "job": job, "outcome": outcome, "runs": runs[batch_id]},
            )

    def announce(self, ids: Sequence[str]) -> set[str]:
        """From this commit on these batches may exist in Slurm; those that still are to be sent.

        One that another agent took apart meanwhile is not among them. Nor is one that was never
        sent and of which a run is to be stopped: its name is free, so it is formed anew without
        that run. A batch that goes once more goes as it was, and the wish to stop follows it.
        """
        fresh = Batch.submitting_since.is_(None)
        stopped = select(Run.batch_id).where(
            Run.batch_id == Batch.id, Run.cancel_asked_at.is_not(None)
        )
        announced = (
            update(Batch)
            .where(Batch.id.in_(ids), Batch.state == "forming", ~(fresh & stopped.exists()))
            .values(state="submitting", submitting_since=self.clock())
            .returning(Batch.id)
            .execution_options(synchronize_session=False)
        )
        with self.leased() as session:
            return set(session.scalars(announced))

    def doubt(self, batch_id: str, error: Exception) -> None:
        """It may exist in Slurm or not: it stays announced until that is found out."""
        with self.leased() as session:
            _count(session, "in-doubt")
        log.warning("submission in doubt", extra={"batch": batch_id, "error": str(error)})

    def take_back(self, ids: Sequence[str]) -> None:
        """Announced and not begun: nothing was made in Slurm, and they are formed anew."""
        with self.leased() as session:
            for batch in batches(session, ids):
                batch.state, batch.submitting_since = "forming", None

    def put_back(self, ids: Sequence[str], reason: str, words: str) -> set[str]:
        """Nothing was made in Slurm: the runs wait, with the reason; the accounts that it hits."""
        now = self.clock()
        with self.leased() as session:
            _count(session, "put-back", len(ids))
            put = batches(session, ids)
            for batch in put:
                batch.state, batch.submitting_since, batch.error = "forming", None, words
                for run in batch.runs:
                    move(run, RunState.WAITING, at=now, reason=reason, slurm_words=words)
        for batch_id in ids:
            log.warning(
                "not submitted, will be tried again",
                extra={"batch": batch_id, "reason": reason, "words": words},
            )
        return {batch.account for batch in put}

    def refuse(self, batch_id: str, error: Rejected) -> None:
        """Slurm will not take it, however often it is asked."""
        with self.leased() as session:
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
        with self.leased() as session:
            _count(session, "sent-again")
            batch = session.get_one(Batch, batch_id)
            batch.state, batch.job_id, batch.submitted_at = "forming", None, None
            for run in batch.runs:
                if not RunState(run.state).final:
                    move(run, RunState.WAITING, at=self.clock(), reason="no-answer-from-slurm")
        log.warning("not in Slurm, sent again", extra={"batch": batch_id})


def batches(session: Session, ids: Sequence[str]) -> list[Batch]:
    """Batches with their runs, in the order of the ids."""
    wanted = select(Batch).where(Batch.id.in_(ids)).options(selectinload(Batch.runs))
    found = {batch.id: batch for batch in session.scalars(wanted)}
    return [found[batch_id] for batch_id in ids]


def _count(session: Session, outcome: str, times: int = 1) -> None:
    tallies.add(session, {tallies.submission(outcome): times})
