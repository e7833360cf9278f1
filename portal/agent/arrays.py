"""What the controller still knows of an array of which a task has vanished.

Of a task that is cancelled while it waits Slurm keeps no record, and of a whole array one. So the
rest of the array tells whether somebody cancelled it or the controller forgot it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from portal.agent.followed import Followed, Key
from portal.scheduler import NO_ARRAY, Scheduler, SchedulerError, TaskStatus
from portal.store.tables import Batch, Run


@dataclass
class Arrays:
    """Of the arrays that miss a task: those that the controller knew by another one of theirs."""

    scheduler: Scheduler
    _outlived: set[str] = field(default_factory=set)
    # When the controller was started, as far as it was asked.
    _booted_at: float | None = None

    def look(
        self,
        absent: Collection[Followed],
        tasks: Mapping[Key, TaskStatus],
        is_settled: Callable[[str], bool],
    ) -> None:
        """Note what this answer knows; the controller's start is asked for where it will matter."""
        jobs = {(task.name, task.job_id) for task in tasks.values()}
        self._outlived |= {run.batch_id for run in absent if (run.batch_id, run.job_id) in jobs}
        if any(run.batch_id in self._outlived and is_settled(run.id) for run in absent):
            try:
                self._booted_at = self.scheduler.site().booted_at
            except SchedulerError:
                self._booted_at = None

    def cancelled_alone(self, run: Run) -> bool:
        """Whether somebody cancelled this one task while it waited.

        Its array was known, and it alone was not. A controller that was started since may have
        forgotten one task of an array as well as all of them.
        """
        if run.batch_id not in self._outlived or run.batch is None or self._booted_at is None:
            return False
        since = run.batch.submitting_since
        return since is not None and self._booted_at < since

    def forget(self, batch: Batch) -> None:
        """It has no live run any more."""
        self._outlived.discard(batch.id)


def cancelled_whole(run: Run, known: Mapping[Key, TaskStatus]) -> TaskStatus | None:
    """The one record of the run's array, where it was cancelled before any task of it began."""
    array = known.get((run.batch_id or "", NO_ARRAY))
    if array is None or run.batch is None or array.job_id != run.batch.job_id:
        return None
    return array if array.state.ended and array.state.outcome == "CANCELLED" else None
