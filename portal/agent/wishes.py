"""Passing on what people asked for: stop a run, or let it finish now and keep its best model."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from portal.runs.states import LIVE, RunState
from portal.scheduler import Scheduler, SchedulerError, SubmittedArray
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run

log = logging.getLogger(__name__)

Tell = Callable[[SubmittedArray, list[int] | None], None]


@dataclass
class Wishes:
    """Tells Slurm once about every wish; again after a restart, which harms nothing."""

    store: Store
    scheduler: Scheduler
    _told: set[tuple[str, int, str]] = field(default_factory=set)

    def pass_on(self) -> None:
        """Cancel and signal what people asked for since the last round."""
        in_slurm = (
            select(Run)
            .join(Batch, Batch.id == Run.batch_id)
            .where(Batch.state == "submitted", Batch.job_id.is_not(None))
            .options(joinedload(Run.batch))
        )
        cancel = in_slurm.where(Run.cancel_asked_at.is_not(None), Run.state.in_(LIVE))
        finish = in_slurm.where(
            Run.finish_asked_at.is_not(None),
            Run.cancel_asked_at.is_(None),
            Run.state == RunState.RUNNING,
        )
        self._tell("cancel", cancel, self.scheduler.cancel)
        self._tell("finish", finish, self.scheduler.signal)

    def _tell(self, wish: str, query: Select[Run], tell: Tell) -> None:
        with self.store.reading(EVERYONE) as session:
            runs = [r for r in session.scalars(query) if (r.id, r.attempt, wish) not in self._told]
            arrays = _by_array(runs)
        for array, wanted in arrays.items():
            try:
                tell(array, sorted(run.task for run in wanted if run.task is not None))
            except SchedulerError as error:
                log.warning(
                    "wish not passed on yet",
                    extra={"batch": array.name, "wish": wish, "error": str(error)},
                )
                continue
            self._told.update((run.id, run.attempt, wish) for run in wanted)
            log.info(
                "wish passed on",
                extra={
                    "batch": array.name,
                    "job": array.job_id,
                    "wish": wish,
                    "runs": [run.id for run in wanted],
                },
            )


def _by_array(runs: Iterable[Run]) -> dict[SubmittedArray, list[Run]]:
    arrays: dict[SubmittedArray, list[Run]] = defaultdict(list)
    for run in runs:
        if run.batch is not None and run.batch.job_id is not None:
            arrays[SubmittedArray(run.batch.id, run.batch.job_id)].append(run)
    return arrays
