"""Runs that ask Slurm for the same thing become one array job, whichever template they train."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from portal.accelerators import Accelerator
from portal.agent.guarantee import Guarantee
from portal.catalog import Catalog
from portal.config import Slurm
from portal.errors import Invalid, NotFound
from portal.runs.life import move
from portal.runs.states import RunState
from portal.store.tables import Batch, DataSet, Run, School, Seat, new_id

SECONDS_PER_MINUTE = 60
MOST_AT_ONCE = 4000
# What a run's folder tells of it; none of this changes while it waits.
DESCRIBED = (
    joinedload(Run.data_set).lazyload(DataSet.content),
    joinedload(Run.seat).joinedload(Seat.school_class),
)


@dataclass(frozen=True)
class Ask:
    """What Slurm is asked for; runs with equal asks travel together."""

    school_id: str
    account: str
    eighths: int
    memory_mb: int
    minutes: int
    qos: str | None
    partition: str


def dissolve_unsent(session: Session) -> None:
    """Take apart batches that were formed and certainly never sent: their runs wait again."""
    unsent = select(Batch.id).where(Batch.state == "forming", Batch.submitting_since.is_(None))
    ids = session.scalars(unsent).all()
    if not ids:
        return
    waiting = update(Run).where(Run.batch_id.in_(ids)).values(batch_id=None, task=None)
    session.execute(waiting.execution_options(synchronize_session="fetch"))
    for batch in session.scalars(select(Batch).where(Batch.id.in_(ids))):
        session.delete(batch)
    session.flush()


def form(
    session: Session,
    catalog: Catalog,
    accelerator: Accelerator,
    now: float,
    slurm: Slurm,
    *,
    without: Collection[str] = (),
) -> list[Batch]:
    """Put everything that waits into new batches of at most `slurm.array_size` runs each.

    The batches come with their runs, and those with what `DESCRIBED` names, so that nobody has to
    load them again. `without` names Slurm accounts whose runs go on waiting. A run whose lesson
    has less than a minute left is not started any more.
    """
    waiting = (
        select(Run, School.slurm_account, School.guaranteed, School.partitions)
        .join(School, School.id == Run.school_id)
        .outerjoin(Seat, Seat.id == Run.seat_id)
        .where(Run.state == RunState.WAITING, Run.batch_id.is_(None))
        .where(School.slurm_account.not_in(without))
        # The first seat is the first task: who looks at squeue finds the class in its order.
        .order_by(Run.created_at, Seat.number, Run.id)
        .limit(MOST_AT_ONCE)
        .options(*DESCRIBED)
        .with_for_update(of=Run, skip_locked=True)
    )
    groups: dict[Ask, list[Run]] = defaultdict(list)
    guarantee = Guarantee(session, slurm)
    for run, account, guaranteed, partitions in session.execute(waiting):
        minutes = minutes_left(run, now)
        if run.cancel_asked_at is not None:
            move(run, RunState.CANCELLED, at=now, reason="cancelled-by-teacher")
        elif minutes < 1:
            move(run, RunState.CANCELLED, at=now, reason="lesson-ended")
        else:
            memory = _memory_mb(catalog, accelerator, run)
            qos = guarantee.qos_of(run, account, guaranteed)
            into = ",".join(partitions) or slurm.partition
            ask = Ask(run.school_id, account, run.eighths, memory, minutes, qos, into)
            groups[ask].append(run)
    formed = [
        (_batch(ask, now), part)
        for ask, runs in groups.items()
        for part in _parts(runs, slurm.array_size)
    ]
    session.add_all(batch for batch, _ in formed)
    session.flush()
    for batch, part in formed:
        for task, run in enumerate(part):
            run.batch_id, run.task, run.qos = batch.id, task, None
    session.flush()
    for batch, part in formed:
        set_committed_value(batch, "runs", list(part))
    return [batch for batch, _ in formed]


def minutes_left(run: Run, now: float) -> int:
    """Whole minutes that a run may take: its own limit, and the end of its lesson."""
    if run.ends_by is None:
        return run.minutes
    return min(run.minutes, math.floor((run.ends_by - now) / SECONDS_PER_MINUTE))


def _memory_mb(catalog: Catalog, accelerator: Accelerator, run: Run) -> int:
    """Memory in MiB: that of the share, or more where the template needs more.

    A template or a share that is gone since asks for none of its own.
    """
    memory = 0
    with suppress(NotFound):
        memory = catalog.get(run.template).resources.memory_mb
    with suppress(Invalid):
        memory = max(memory, accelerator.offer(run.eighths).memory_mb)
    return memory


def _batch(ask: Ask, now: float) -> Batch:
    return Batch(
        id=new_id(),
        school_id=ask.school_id,
        state="forming",
        account=ask.account,
        eighths=ask.eighths,
        memory_mb=ask.memory_mb,
        minutes=ask.minutes,
        qos=ask.qos,
        partition=ask.partition,
        created_at=now,
    )


def _parts(runs: Sequence[Run], size: int) -> Iterator[Sequence[Run]]:
    for first in range(0, len(runs), size):
        yield runs[first : first + size]
