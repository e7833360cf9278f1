"""The moves that a run may make, and the times that each leaves behind.

```
waiting → submitted → running → finishing → succeeded | failed | cancelled | lost
```
A state may be passed over, because the agent looks once a second and a job may be quicker. A run
that Slurm requeues goes back from running to submitted. Nothing leaves a final state but a retry,
which is the next attempt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import case, func, update
from sqlalchemy.orm import Session

from portal.runs.states import FINAL, LIVE, RunState
from portal.store.tables import Run

_S = RunState
MOVES: Mapping[RunState, frozenset[RunState]] = {
    _S.WAITING: frozenset({_S.SUBMITTED, _S.RUNNING, _S.FINISHING}) | FINAL,
    _S.SUBMITTED: frozenset({_S.WAITING, _S.RUNNING, _S.FINISHING}) | FINAL,
    _S.RUNNING: frozenset({_S.SUBMITTED, _S.FINISHING}) | FINAL,
    _S.FINISHING: frozenset({_S.SUBMITTED, _S.RUNNING}) | FINAL,
    **dict.fromkeys(FINAL, frozenset[RunState]()),
}


class ImpossibleMove(Exception):
    """A room asked for a move that the life of a run does not have: a fault of ours."""


def move(
    run: Run,
    to: RunState,
    *,
    at: float,
    reason: str | None = None,
    slurm_words: str | None = None,
) -> bool:
    """Put a run into a state with its reason; True where anything changed.

    `at` is UTC seconds. Staying in a live state with another reason is no move and is allowed.
    """
    now = RunState(run.state)
    if to is not now and to not in MOVES[now]:
        raise ImpossibleMove(f"run {run.id}: {now} to {to}")
    if now in FINAL:
        return False
    changed = (to, reason, slurm_words) != (now, run.reason, run.slurm_words)
    run.state, run.reason, run.slurm_words = to.value, reason, slurm_words
    if to is _S.SUBMITTED and run.submitted_at is None:
        run.submitted_at = at
    if to in (_S.RUNNING, _S.FINISHING) and run.started_at is None:
        run.started_at = at
    if to in FINAL:
        run.ended_at = at
    return changed


def submitted(session: Session, batch_ids: Collection[str], at: float) -> dict[str, list[str]]:
    """Move every live run of these batches to `submitted`, as `move` does, in one statement.

    The ids of those runs, by batch. Who stops a run keeps the reason that was noted for it.
    """
    moved = session.execute(
        update(Run)
        .where(Run.batch_id.in_(batch_ids), Run.state.in_(LIVE))
        .values(
            state=_S.SUBMITTED.value,
            reason=case((Run.cancel_asked_at.is_not(None), Run.reason), else_=None),
            slurm_words=None,
            submitted_at=func.coalesce(Run.submitted_at, at),
        )
        .returning(Run.batch_id, Run.id)
        .execution_options(synchronize_session=False)
    )
    found: dict[str, list[str]] = {batch_id: [] for batch_id in batch_ids}
    for batch_id, run_id in moved:
        if batch_id is not None:
            found[batch_id].append(run_id)
    return found


def next_attempt(run: Run) -> None:
    """Make an ended run wait again as its next attempt. The last one's folder stays."""
    if RunState(run.state) in LIVE:
        raise ImpossibleMove(f"run {run.id}: a retry while {run.state}")
    run.state, run.attempt = _S.WAITING.value, run.attempt + 1
    run.batch_id = run.task = run.reason = run.slurm_words = None
    run.cancel_asked_at = run.finish_asked_at = None
    run.submitted_at = run.started_at = run.ended_at = run.checked_at = None
    run.metrics = run.timing = None
