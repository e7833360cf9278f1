"""With which QOS a run is sent: its school's guaranteed part first, and borrowed beyond it.

From Slurm 24.11 on a job may name both, and Slurm itself takes the one in which it can start. An
older Slurm is told one of them: as many runs as fit into what is free of the guaranteed part go
there, the others are borrowed. Slurm holds the part to its limit in either case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.config import Slurm
from portal.quotas import own_qos
from portal.runs.states import LIVE
from portal.store.tables import Batch, ClusterView, Run

VIEW = "nodes"


@dataclass
class Guarantee:
    """One round of forming batches. The database is asked once, and only where a school with a
    guaranteed part has a lesson."""

    session: Session
    slurm: Slurm
    # Whether this Slurm takes several QOS for one job.
    several: bool
    _left: dict[str, int] = field(default_factory=dict)
    _open: dict[str, bool] | None = None

    def qos_of(self, run: Run, account: str, guaranteed: int | None) -> str | None:
        """The QOS, or several with commas, that Slurm is asked for."""
        if run.lesson_id is None:
            return self.slurm.homework_qos or self.slurm.qos
        borrowed = self.slurm.borrow_qos
        if guaranteed is None or borrowed is None or not self._is_made(account):
            return self.slurm.qos
        own = own_qos(account)
        if self.several:
            return f"{own},{borrowed}"
        if account not in self._left:
            self._left[account] = guaranteed - self._used(own)
        if run.eighths > self._left[account]:
            return borrowed
        self._left[account] -= run.eighths
        return own

    def _is_made(self, account: str) -> bool:
        """Whether Slurm has the QOS; what was only written down would make it refuse the run."""
        if self._open is None:
            asked = select(ClusterView.view).where(ClusterView.name == VIEW)
            view: Mapping[str, Any] = self.session.scalar(asked) or {}
            schools = view.get("schools", {})
            self._open = {name: bool(seen.get("own")) for name, seen in schools.items()}
        return self._open.get(account, False)

    def _used(self, own: str) -> int:
        """Eighths that runs hold or wait for under this QOS."""
        held = (
            select(func.sum(Run.eighths))
            .join(Batch, Batch.id == Run.batch_id)
            .where(Batch.qos == own, Run.state.in_(LIVE))
        )
        return self.session.scalar(held) or 0
