"""How many shares there are for a school, from what the agent last saw of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.runs.states import RunState
from portal.store.tables import ClusterView, Run, School

EIGHTHS = 8
VIEW = "nodes"
HOLDING = (RunState.RUNNING, RunState.FINISHING)


@dataclass(frozen=True)
class Shares:
    """Eighths of the centre and of one school; None where nobody has seen or set them."""

    capacity: int | None
    used_by_all: int
    school_limit: int | None
    used_by_school: int

    def at_once(self, eighths: int) -> int | None:
        """How many runs on such a share the school can have at once; None where unknown.

        What others use now counts as used for the whole lesson. A share lies on one GPU.
        """
        if eighths == 0:
            return None
        rooms = []
        if self.capacity is not None:
            others = max(0, self.used_by_all - self.used_by_school)
            per_gpu = EIGHTHS // eighths
            rooms.append(max(0, self.capacity - others) // EIGHTHS * per_gpu)
        if self.school_limit is not None:
            rooms.append(self.school_limit // eighths)
        return min(rooms) if rooms else None


def shares_of(session: Session, school_id: str) -> Shares:
    """The shares that a school may reckon with."""
    account = session.scalar(select(School.slurm_account).where(School.id == school_id))
    view: Mapping[str, Any] = (
        session.scalar(select(ClusterView.view).where(ClusterView.name == VIEW)) or {}
    )
    held = select(func.sum(Run.eighths)).where(Run.school_id == school_id, Run.state.in_(HOLDING))
    limits: Mapping[str, Any] = view.get("schools", {}).get(account, {})
    return Shares(
        capacity=view.get("capacity_eighths"),
        used_by_all=view.get("used_eighths", 0),
        school_limit=limits.get("limit_eighths"),
        used_by_school=session.scalar(held) or 0,
    )
