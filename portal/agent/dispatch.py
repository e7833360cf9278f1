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
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.accelerators import Accelerator
from portal.agent import folders, forming, lease
from portal.agent.clock import Clock, SteadyClock
from portal.agent.doubt import Doubt
from portal.agent.outbox import Outbox
from portal.agent.pace import Pace
from portal.catalog import Catalog
from portal.config import Settings
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
# So many batches share the commit before their submissions and the one after. Not more: after a
# kill in between, all of them are looked for in Slurm before they are sent again.
TOGETHER = 8
# A submission begins within so many seconds of the commit that announced it, in which the lease
# was held, and never when another agent may have taken over meanwhile.
ANNOUNCED_S = 1.0


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
    clock: Clock = field(default_factory=SteadyClock)
    # Set when this agent is asked to go; looked at before each submission.
    stop: threading.Event = field(default_factory=threading.Event, init=False)
    # Until when nothing is sent at all, and nothing of one Slurm account.
    _silent_until: float = 0.0
    _silence: str = ""
    _paused: dict[str, float] = field(default_factory=dict)
    _pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.store, self.holder, self.settings.agent.lease_s, self.clock)
        self._doubt = Doubt(self.settings.slurm.settle_s, lambda: self.clock())

    def send_waiting(self) -> list[str]:
        """Send everything that waits; the ids of the batches that Slurm has acknowledged.

        What stops one school's batch (its limit, the storage) holds up no other's. An agent that is
        asked to go sends the one in hand; the others are formed anew by the next agent.
        """
        now = self.clock()
        if now < self._silent_until:
            return []
        self._paused = {account: until for account, until in self._paused.items() if until > now}
        newest = self._newest_waiting()
        if not newest:
            return []
        without = self._paused.keys() | self._pace.resting(max(newest.values()))
        if newest.keys() <= without:
            return []
        with self.outbox.leased() as session:
            forming.dissolve_unsent(session)
            slurm = self.settings.slurm
            formed = forming.form(
                session,
                self.catalog,
                self.accelerator,
                self.clock.surely(),
                slurm,
                without=without,
            )
            again = select(Batch).where(
                Batch.state == "forming", Batch.submitting_since.is_not(None)
            )
            described = selectinload(Batch.runs).options(*forming.DESCRIBED)
            formed += session.scalars(again.options(described))
        sent: list[str] = []
        while formed and not self.stop.is_set():
            some, formed = formed[:TOGETHER], formed[TOGETHER:]
            sent += self._send(some)
            if formed and self.clock() < self._silent_until:
                ids = [batch.id for batch in formed]
                self._put_back(ids, "no-answer-from-slurm", self._silence)
                break
        return sent

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
                self._adopt({batch_id: job_id}, "adopted")
                continue
            self._doubt.begin(batch_id)
            if self._doubt.is_settled(batch_id):
                self.send_again(batch_id)

    def send_again(self, batch_id: str) -> None:
        """Send a batch that Slurm surely does not have once more, under the same name."""
        self.outbox.send_again(batch_id)
        self._doubt.end([batch_id])

    def no_answer(self) -> None:
        """The controller did not answer: what it did not say counts for nothing."""
        self._doubt.end_all()

    def _in_accounting(self, batch_id: str, since: float) -> int | None:
        try:
            past = self.scheduler.history([batch_id], since - 60)
        except Unavailable:
            self.no_answer()
            return None
        return past[0].job_id if past else None

    def _newest_waiting(self) -> dict[str, float]:
        """When the newest run that waits was made, by Slurm account."""
        newest = (
            select(School.slurm_account, func.max(Run.created_at))
            .join(School, School.id == Run.school_id)
            .where(Run.state == RunState.WAITING)
            .group_by(School.slurm_account)
        )
        with self.store.reading(EVERYONE) as session:
            return dict(session.execute(newest).all())

    def _send(self, some: Sequence[Batch]) -> list[str]:
        """Send these batches one after the other, between one commit before and one after."""
        made = self._lay_out(some)
        requests = deque(self._commit_to_sending([b for b in some if b.id in made], made))
        announced, accepted = time.monotonic(), dict[str, int]()
        while requests and not self._stands_still():
            if time.monotonic() - announced > ANNOUNCED_S:
                break
            request = requests.popleft()
            job_id = self._submit(request)
            if job_id is not None:
                accepted[request.name] = job_id
        if accepted:
            self._adopt(accepted, "accepted")
        if requests:
            self.outbox.take_back([request.name for request in requests])
        return list(accepted)

    def _stands_still(self) -> bool:
        """Whether nothing more is begun: the agent is asked to go, or Slurm does not answer."""
        return self.stop.is_set() or self.clock() < self._silent_until

    def _submit(self, request: ArrayRequest) -> int | None:
        """The job id of an array that Slurm has taken; otherwise what follows is written down."""
        try:
            return self.scheduler.submit(request).job_id
        except Ambiguous as error:
            self.outbox.doubt(request.name, error)
        except Unavailable as error:
            self._silent_until = self.clock() + BACKOFF_S
            self._silence = error.words
            self._put_back([request.name], "no-answer-from-slurm", error.words)
            with self.store.begin(EVERYONE) as session:
                lease.note_answer(session, self.clock(), error.words or str(error))
        except QuotaExceeded as error:
            self._put_back([request.name], "waiting-for-school-share", error.words)
        except Rejected as error:
            self.outbox.refuse(request.name, error)
        return None

    def _lay_out(self, some: Iterable[Batch]) -> dict[str, Path]:
        """The folders of those batches whose runs the storage has taken."""
        made: dict[str, Path] = {}
        for batch in some:
            offer = self.accelerator.offer(batch.eighths)
            try:
                made[batch.id] = folders.lay_out(
                    self.settings, self.catalog, self.program, batch, offer
                )
            except OSError as error:
                self._put_back([batch.id], "storage-refuses", str(error))
        return made

    def _commit_to_sending(
        self, some: Sequence[Batch], made: Mapping[str, Path]
    ) -> list[ArrayRequest]:
        """What Slurm is to be asked, of the batches that it may know from now on."""
        announced = self.outbox.announce([batch.id for batch in some])
        going = [batch for batch in some if batch.id in announced]
        for batch in going:
            self._pace.went(batch.account)
        return [self._request(batch, made[batch.id]) for batch in going]

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
            # A batch of an older portal, formed before this one was started, says neither.
            partition=batch.partition or slurm.partition,
            qos=batch.qos or slurm.qos,
            reservation=None,
            gres=offer.gres,
            cpus=offer.cpus,
            memory_mb=batch.memory_mb,
            minutes=batch.minutes,
            # A job shorter than the signal's lead would be told to finish as it starts.
            signal_before_s=min(slurm.finish_signal_s, batch.minutes * 60 // 3),
        )

    def _adopt(self, jobs: Mapping[str, int], outcome: str) -> None:
        self.outbox.adopt(jobs, outcome)
        self._doubt.end(jobs)

    def _put_back(self, ids: Sequence[str], reason: str, words: str) -> None:
        for account in self.outbox.put_back(ids, reason, words):
            self._paused[account] = self.clock() + BACKOFF_S
