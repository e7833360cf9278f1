"""The runs that Slurm has, as columns: thousands are compared with its answer every second.

Only those that differ are loaded as rows to be changed, in a transaction of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.agent import verdict
from portal.runs.states import LIVE
from portal.scheduler import TaskStatus
from portal.store.tables import Batch, Run

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Followed:
    """One live run of a batch that Slurm has taken, as it stood at the beginning of a round."""

    id: str
    batch_id: str
    task: int
    attempt: int
    state: str
    reason: str | None
    slurm_words: str | None
    cancel_asked_at: float | None
    checked_at: float | None
    batch_created_at: float
    job_id: int | None

    @property
    def key(self) -> Key:
        """The run's name in Slurm: its batch and its place there."""
        return self.batch_id, self.task

    def stands(self, task: TaskStatus) -> bool:
        """Whether the run already is where its task in Slurm is, so that there is nothing to do."""
        if task.state.ended or self.checked_at is not None or self.cancel_asked_at is not None:
            return False
        found = verdict.of_live(task)
        return found is not None and (found.state, found.reason, found.slurm_words) == (
            self.state,
            self.reason,
            self.slurm_words,
        )


def followed(session: Session) -> list[Followed]:
    """Every live run that Slurm has: one statement, and no object that the session keeps."""
    rows: Iterable[Any] = session.execute(
        select(
            Run.id,
            Run.batch_id,
            Run.task,
            Run.attempt,
            Run.state,
            Run.reason,
            Run.slurm_words,
            Run.cancel_asked_at,
            Run.checked_at,
            Batch.created_at,
            Batch.job_id,
        )
        .join(Batch, Batch.id == Run.batch_id)
        .where(Run.state.in_(LIVE), Batch.state == "submitted")
    )
    return [Followed(*row) for row in rows]


def locked(session: Session, ids: Collection[str]) -> Sequence[Run]:
    """Those of these runs that are still followed, to be changed in this transaction."""
    query = (
        select(Run)
        .join(Batch, Batch.id == Run.batch_id)
        .where(Run.id.in_(ids), Run.state.in_(LIVE), Batch.state == "submitted")
        .order_by(Run.id)
        .options(joinedload(Run.batch))
        .with_for_update(of=Run)
    )
    return session.scalars(query).all()


def idle_batches(session: Session, runs: Collection[Followed]) -> set[str]:
    """Batches that Slurm has taken and in which nothing is alive any more."""
    open_ones = select(Batch.id).where(Batch.state == "submitted")
    return set(session.scalars(open_ones)) - {run.batch_id for run in runs}
