"""Passing on what people asked for: stop a run, or let it finish now and keep its best model."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.runs.states import LIVE, RunState
from portal.scheduler import Scheduler, SchedulerError, SubmittedArray
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run

log = logging.getLogger(__name__)

CANCEL, FINISH = "cancel", "finish"

Tell = Callable[[SubmittedArray, list[int] | None], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for, of one attempt of a run that Slurm has."""

    what: str
    run: str
    attempt: int
    task: int
    array: SubmittedArray


@dataclass
class Wishes:
    """Tells Slurm once about every wish; again after a restart, which harms nothing."""

    store: Store
    scheduler: Scheduler
    _told: set[Wish] = field(default_factory=set)

    def pass_on(self) -> None:
        """Cancel and signal what people asked for since the last round."""
        with self.store.reading(EVERYONE) as session:
            open_ones = _open(session)
        # A wish whose run is over needs no memory: it does not come back.
        self._told &= open_ones
        fresh = open_ones - self._told
        self._tell(CANCEL, fresh, self.scheduler.cancel)
        self._tell(FINISH, fresh, self.scheduler.signal)

    def _tell(self, what: str, fresh: Iterable[Wish], tell: Tell) -> None:
        arrays: dict[SubmittedArray, list[Wish]] = defaultdict(list)
        for wish in fresh:
            if wish.what == what:
                arrays[wish.array].append(wish)
        for array, wanted in arrays.items():
            try:
                tell(array, sorted(wish.task for wish in wanted))
            except SchedulerError as error:
                log.warning(
                    "wish not passed on yet",
                    extra={"batch": array.name, "wish": what, "error": str(error)},
                )
                continue
            self._told.update(wanted)
            log.info(
                "wish passed on",
                extra={
                    "batch": array.name,
                    "job": array.job_id,
                    "wish": what,
                    "runs": [wish.run for wish in wanted],
                },
            )


def _open(session: Session) -> set[Wish]:
    """Every wish that is not fulfilled yet. Who is to be stopped need not finish first."""
    rows: Iterable[Any] = session.execute(
        select(
            Run.id, Run.attempt, Run.task, Run.state, Run.cancel_asked_at, Batch.id, Batch.job_id
        )
        .join(Batch, Batch.id == Run.batch_id)
        .where(
            Batch.state == "submitted",
            Batch.job_id.is_not(None),
            Run.task.is_not(None),
            Run.state.in_(LIVE),
            or_(Run.cancel_asked_at.is_not(None), Run.finish_asked_at.is_not(None)),
        )
    )
    return {
        Wish(FINISH if cancelled is None else CANCEL, run, attempt, task, SubmittedArray(name, job))
        for run, attempt, task, state, cancelled, name, job in rows
        if cancelled is not None or state == RunState.RUNNING
    }
