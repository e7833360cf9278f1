"""What waits as borrowed returns to its school's guaranteed part when that comes free.

With which QOS a lesson is sent was foreseen (`guarantee`). Then its first runs end, the cluster is
full of what others have borrowed, and nobody makes way for a run that waits to borrow as well. So
the oldest of those go on waiting under the school's own QOS, as many as its part has room for.

Slurm is told before it is written down. An agent that dies in between tells it once more, and a
controller that forgot it in a crash is told again, which harms nobody. One that began as borrowed
in the very moment counts as the part's until it ends: then fewer return, and Slurm keeps the limit.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, update

from portal.agent.guarantee import held
from portal.config import Slurm
from portal.quotas import own_qos
from portal.runs.states import RunState
from portal.scheduler import Rejected, Scheduler, SchedulerError, SubmittedArray, Unsupported
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run, School, Seat

log = logging.getLogger(__name__)

# While it waits, what was told is told again: a controller that crashed may have forgotten it.
AGAIN_S = 60.0
# A QOS that is not open to the account is not asked for in every round.
REFUSED_S = 60.0


@dataclass
class Returns:
    """Moves waiting runs to the guaranteed part of their school. Asks Slurm nothing else."""

    slurm: Slurm
    store: Store
    scheduler: Scheduler
    clock: Callable[[], float] = time.time
    _told: dict[str, float] = field(default_factory=dict)
    _closed_until: dict[str, float] = field(default_factory=dict)
    _unsupported: bool = False

    def look(self) -> None:
        """One round: one question to the database where no school waits as borrowed."""
        if self.slurm.borrow_qos is None or self._unsupported:
            return
        with self.store.reading(EVERYONE) as session:
            waiting = session.execute(_waiting(self.slurm.borrow_qos)).all()
            used = held(session) if waiting else {}
        self._told = {row.id: at for row in waiting if (at := self._told.get(row.id)) is not None}
        for (array, own), rows in self._due(waiting, used).items():
            self._move(array, own, rows)

    def _due(
        self, waiting: Sequence[Row[Any]], used: Mapping[str | None, int]
    ) -> Mapping[tuple[SubmittedArray, str], list[Row[Any]]]:
        """What Slurm is to be told, by array: what fits into a part, and what was told long ago."""
        now, room = self.clock(), dict[str, int]()
        due: defaultdict[tuple[SubmittedArray, str], list[Row[Any]]] = defaultdict(list)
        for row in waiting:
            own = own_qos(row.account)
            if now < self._closed_until.get(own, 0.0):
                continue
            left = room.setdefault(own, row.guaranteed - used.get(own, 0))
            if row.qos == own:
                is_due = now - self._told.get(row.id, 0.0) >= AGAIN_S
            else:
                is_due = row.eighths <= left
                room[own] -= row.eighths if is_due else 0
            if is_due:
                due[SubmittedArray(row.batch_id, row.job_id), own].append(row)
        return due

    def _move(self, array: SubmittedArray, own: str, rows: Sequence[Row[Any]]) -> None:
        runs = [row.id for row in rows]
        told = {"batch": array.name, "job": array.job_id, "qos": own, "runs": runs}
        try:
            self.scheduler.change_qos(array, [row.task for row in rows], own)
        except Unsupported as error:
            self._unsupported = True
            log.warning("nobody returns to a guaranteed part", extra={"error": str(error)})
            return
        except SchedulerError as error:
            if isinstance(error, Rejected):
                self._closed_until[own] = self.clock() + REFUSED_S
            log.warning("not returned to the part yet", extra={**told, "error": str(error)})
            return
        self._told |= dict.fromkeys(runs, self.clock())
        # Of this batch still: one that Slurm has lost meanwhile waits for another.
        of_batch = (Run.id.in_(runs), Run.batch_id == array.name)
        with self.store.begin(EVERYONE) as session:
            session.execute(update(Run).where(*of_batch).values(qos=own))
        log.info("returned to the part", extra=told)


def _waiting(borrow_qos: str) -> Any:
    """Runs that wait in Slurm and were sent as borrowed, of schools with a part; oldest first."""
    return (
        select(
            *(Run.id, Run.batch_id, Run.task, Run.qos, Run.eighths),
            *(Batch.job_id, Batch.account, School.guaranteed),
        )
        .join(Batch, Batch.id == Run.batch_id)
        .join(School, School.id == Run.school_id)
        .outerjoin(Seat, Seat.id == Run.seat_id)
        .where(
            Run.state == RunState.SUBMITTED,
            Run.task.is_not(None),
            Run.cancel_asked_at.is_(None),
            Batch.state == "submitted",
            Batch.job_id.is_not(None),
            Batch.qos == borrow_qos,
            School.guaranteed.is_not(None),
        )
        .order_by(Run.created_at, Seat.number, Run.id)
    )
