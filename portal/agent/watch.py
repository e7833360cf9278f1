"""Following what Slurm has: one question a round, joined with the word of the jobs themselves."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.agent import lease, spent, verdict
from portal.agent.arrays import Arrays, cancelled_whole
from portal.agent.dispatch import Dispatch
from portal.agent.doubt import Doubt
from portal.agent.followed import Followed, Key, followed, idle_batches, locked
from portal.agent.verdict import Verdict
from portal.config import Settings
from portal.operations import tallies
from portal.results.folder import RunFolder
from portal.results.status import Status
from portal.runs.changes import ending_reason
from portal.runs.life import move
from portal.runs.states import LIVE, RunState
from portal.scheduler import Scheduler, TaskStatus, Unavailable
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run

log = logging.getLogger(__name__)

# Accounting is asked about a batch that the controller has forgotten, but not in every round.
HISTORY_EVERY_S = 5.0
# slurmctld tells slurmdbd in bundles, and tries again only now and then where slurmdbd was away: a
# run that has begun is given up no sooner than this.
ACCOUNTING_S = 45.0

Tasks = Mapping[Key, TaskStatus]


@dataclass
class Watch:
    """Moves the runs that Slurm has."""

    settings: Settings
    store: Store
    scheduler: Scheduler
    dispatch: Dispatch
    clock: Callable[[], float] = time.time
    seen: Sequence[TaskStatus] = ()
    _history_asked: dict[str, float] = field(default_factory=dict)
    _doubt: Doubt = field(init=False)
    _arrays: Arrays = field(init=False)
    # What the next transaction has to add to the tallies.
    _counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._doubt = Doubt(self.settings.slurm.settle_s, lambda: self.clock())
        self._arrays = Arrays(self.scheduler)

    def look(self) -> None:
        """One round. Slurm is asked nothing while nothing is alive."""
        with self.store.reading(EVERYONE) as session:
            alive = select(Run.id).where(Run.state.in_(LIVE), Run.batch_id.is_not(None)).limit(1)
            if session.scalar(alive) is None:
                self.seen = ()
                return
        try:
            snapshot = self.scheduler.alive()
        except Unavailable as error:
            log.warning("Slurm does not answer", extra={"error": str(error)})
            self.dispatch.no_answer()
            self._doubt.end_all()
            self._counts[tallies.answer("none")] += 1
            with self._counting() as session:
                lease.note_answer(session, self.clock(), error.words or str(error))
            return
        self.seen = snapshot.tasks
        for row in snapshot.unreadable:
            log.error("a row of Slurm's answer makes no sense", extra={"row": row})
        self._reconcile(snapshot.by_task(), complete=snapshot.complete)
        if snapshot.complete:
            self.dispatch.recover({task.name: task.job_id for task in snapshot.tasks})

    def _reconcile(self, tasks: Tasks, *, complete: bool) -> None:
        # Accounting and the shared file system may be slow: they are asked before the
        # transaction, which holds the write lock of an SQLite database.
        with self.store.reading(EVERYONE) as session:
            runs = followed(session)
            idle = idle_batches(session, runs)
            note = lease.answer_is_due(session, self.clock())
        self._counts[tallies.answer("complete" if complete else "incomplete")] += 1
        absent = [run for run in runs if run.key not in tasks]
        known = {**self._history(absent), **tasks} if complete else tasks
        self._arrays.look(absent, tasks, self._doubt.is_settled)
        differing = [
            run
            for run in runs
            if (complete if (task := known.get(run.key)) is None else not run.stands(task))
        ]
        # Most rounds tell nothing new of any run: then nobody waits for the write lock.
        if not differing and not idle and not note:
            return
        words = {
            run.id: RunFolder(self.settings.data.root, run.id).status(run.attempt)
            for run in differing
            if (task := known.get(run.key)) is None or task.state.ended
        }
        vanished: set[str] = set()
        with self._counting() as session:
            lease.note_answer(session, self.clock(), None)
            moving = locked(session, {run.id for run in differing})
            for run in moving:
                task = known.get(_key(run))
                if task is not None:
                    self._settle(run, task, words.get(run.id))
                elif (array := cancelled_whole(run, known)) and not self._claimed(run):
                    self._settle(run, array, None)
                elif run.id in words and self._gone(run, words[run.id]):
                    vanished.add(_key(run)[0])
            spent.note(
                session, [(run, known[key]) for run in moving if (key := _key(run)) in known]
            )
            self._close(session)
        for batch_id in vanished:
            self._after_vanishing(batch_id)

    @contextmanager
    def _counting(self) -> Iterator[Session]:
        """A transaction that also adds what was counted since the last one to the tallies."""
        before = Counter(self._counts)
        try:
            with self.store.begin(EVERYONE) as session:
                yield session
                tallies.add(session, self._counts)
        except BaseException:
            # What was rolled back did not happen and will be counted when it does.
            self._counts = before
            raise
        self._counts.clear()

    def _settle(self, run: Run, task: TaskStatus, status: Status | None) -> None:
        """Move one run to where Slurm and its job say that it is."""
        now = self.clock()
        if not task.state.ended:
            run.checked_at = None
            self._doubt.end([run.id])
            found = verdict.of_live(task)
            if found is None:
                log.warning("unknown state in Slurm", extra={"run": run.id, "raw": task.state.raw})
                found = Verdict(RunState(run.state), "checking", task.state.raw)
            self._move(run, found, task.started or now)
            return
        ended = verdict.of_ended(
            task, status, asked=ending_reason(run), finishing=run.finish_asked_at is not None
        )
        if ended is None:
            # The file may be on its way through the shared file system.
            late = self._stays_missing(run)
            ended = verdict.lost(task) if late else Verdict(RunState.FINISHING, "checking")
        self._move(run, ended, task.ended or now)
        if RunState(run.state).final:
            _keep(run, status)

    def _move(self, run: Run, to: Verdict, at: float) -> None:
        # While a cancellation is on its way, what was asked is the reason that people see.
        reason = to.reason if to.state.final else ending_reason(run) or to.reason
        before = run.state
        if not move(run, to.state, at=at, reason=reason, slurm_words=to.slurm_words):
            return
        if RunState(run.state).final:
            self._doubt.end([run.id])
        if run.state != before:
            self._counts[tallies.reconciled(run.state)] += 1
        log.info(
            "run moved",
            extra={
                "run": run.id,
                "batch": run.batch_id,
                "attempt": run.attempt,
                "state": to.state.value,
                "reason": reason,
            },
        )

    def _history(self, absent: Iterable[Followed]) -> dict[Key, TaskStatus]:
        """What accounting knows of the batches of runs that the controller no longer shows."""
        since = {run.batch_id: run.batch_created_at for run in absent}
        now = self.clock()
        due = [b for b in since if now - self._history_asked.get(b, 0.0) >= HISTORY_EVERY_S]
        if not due:
            return {}
        self._history_asked.update(dict.fromkeys(due, now))
        try:
            past = self.scheduler.history(due, min(since[b] for b in due) - 60)
        except Unavailable as error:
            log.warning("accounting does not answer", extra={"error": str(error)})
            self._doubt.end(run.id for run in absent)
            # Without its answer nobody is missing; it is asked again in the next round.
            self._history_asked.update(dict.fromkeys(due, 0.0))
            return {}
        # Accounting lags behind: what it calls alive and the controller does not know is no news.
        return {(task.name, task.task): task for task in past if task.state.ended}

    def _gone(self, run: Run, status: Status | None) -> bool:
        """Note that neither the controller nor accounting knows a run; True once that is sure."""
        now = self.clock()
        asked, claimed = ending_reason(run), self._claimed(run)
        if asked is not None and not claimed:
            # A task that is cancelled before it ran leaves no record in Slurm.
            self._move(run, Verdict(RunState.CANCELLED, asked), now)
            return False
        begun = run.state != RunState.SUBMITTED or claimed
        if not self._stays_missing(run, ACCOUNTING_S if begun else 0.0):
            move(run, RunState(run.state), at=now, reason="checking", slurm_words=run.slurm_words)
            return False
        if begun:
            self._move(run, verdict.lost(None), now)
            _keep(run, status)
            return False
        if self._arrays.cancelled_alone(run):
            self._move(run, Verdict(RunState.CANCELLED, "cancelled-in-slurm"), now)
            return False
        return True

    def _after_vanishing(self, batch_id: str) -> None:
        """A controller that forgot a batch that it had acknowledged: send it again.

        Whole, and under its name, where none of its runs has begun. Else those that never began
        wait for a batch of their own.
        """
        now = self.clock()
        with self._counting() as session:
            batch = session.get_one(Batch, batch_id)
            gone = [run for run in batch.runs if self._never_began(run)]
            whole = len(gone) == len(batch.runs)
            if not whole:
                for run in gone:
                    self._move(run, Verdict(RunState.WAITING, "no-answer-from-slurm"), now)
                    run.batch_id = run.task = None
            for run in gone:
                run.checked_at = None
            self._doubt.end(run.id for run in gone)
        if whole:
            self.dispatch.send_again(batch_id)

    def _never_began(self, run: Run) -> bool:
        return (
            run.state == RunState.SUBMITTED
            and self._doubt.is_settled(run.id)
            and not self._claimed(run)
        )

    def _stays_missing(self, run: Run, at_least_s: float = 0.0) -> bool:
        run.checked_at = run.checked_at or self.clock()
        self._doubt.begin(run.id)
        return self._doubt.is_settled(run.id, at_least_s)

    def _close(self, session: Session) -> None:
        """Close the batches that have no live run left."""
        session.flush()
        live = select(Run.batch_id).where(Run.state.in_(LIVE), Run.batch_id.is_not(None))
        done = select(Batch).where(Batch.state == "submitted", Batch.id.not_in(live))
        for batch in session.scalars(done):
            batch.state = "closed"
            self._history_asked.pop(batch.id, None)
            self._arrays.forget(batch)

    def _claimed(self, run: Run) -> bool:
        return RunFolder(self.settings.data.root, run.id).claim(run.attempt) is not None


def _key(run: Run) -> Key:
    """A run's name in Slurm: its batch and its place there."""
    return run.batch_id or "", -1 if run.task is None else run.task


def _keep(run: Run, status: Status | None) -> None:
    """Copy the job's own figures to where lists and lessons read them."""
    if status is None:
        return
    run.metrics = dict(status.metrics)
    run.timing = {
        "setup_seconds": status.setup_seconds,
        "train_seconds": status.train_seconds,
        "steps": status.steps,
    }
    # Slurm's times are whole seconds; the job's own clock is finer.
    run.started_at, run.ended_at = status.started_at, status.ended_at
