"""With which QOS a run is sent: its school's guaranteed part first, and borrowed beyond it.

A job has one QOS at a time. (From Slurm 24.11 on it may name several; but one that
does ends nobody's borrowed job, seen on 24.11.5 and 26.05.3.) So it is decided when a run is sent:
what fits into the free part goes there, what idle shares can take now is borrowed, one more round
waits for the part, and the rest waits for whatever comes free; `returns` moves it to the part where
that is free sooner. Slurm holds the part to its limit, however well this was foreseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.config import Slurm
from portal.quotas import own_qos
from portal.runs.states import LIVE
from portal.store.tables import Batch, ClusterView, Run

VIEW = "nodes"
UNKNOWN = 1_000_000  # eighths: where nobody has looked or no limit is set


def held(session: Session) -> Mapping[str | None, int]:
    """Eighths that runs hold or wait for in Slurm, by the QOS that they have there."""
    qos = func.coalesce(Run.qos, Batch.qos)
    asked = (
        select(qos, func.sum(Run.eighths))
        .join(Batch, Run.batch_id == Batch.id)
        .where(Run.state.in_(LIVE))
        .group_by(qos)
    )
    return {name: eighths for name, eighths in session.execute(asked)}  # noqa: C416 - rows


@dataclass
class _Room:
    """Eighths that one school may still have: of its part now and next, and of its limit."""

    own: int
    next: int
    limit: int


@dataclass
class Guarantee:
    """One round of forming batches. The database is asked only where a school with a guaranteed
    part has a lesson, and then twice for all of them."""

    session: Session
    slurm: Slurm
    _rooms: dict[str, _Room] = field(default_factory=dict)
    # Eighths given out in this round, which the view of the cluster does not know of.
    _given: int = 0

    def qos_of(self, run: Run, account: str, guaranteed: int | None) -> str | None:
        """The QOS that Slurm is asked for."""
        if run.lesson_id is None:
            return self.slurm.homework_qos or self.slurm.qos
        borrowed = self.slurm.borrow_qos
        if guaranteed is None or borrowed is None or not run.eighths:
            return self.slurm.qos
        # What was only written down would make Slurm refuse the run.
        seen = self._view.get("schools", {}).get(account, {})
        if not seen.get("own"):
            return self.slurm.qos
        own = own_qos(account)
        if account not in self._rooms:
            self._rooms[account] = self._room(own, guaranteed, seen)
        return own if self._is_own(run.eighths, self._rooms[account]) else borrowed

    def _is_own(self, eighths: int, room: _Room) -> bool:
        """Whether so much more is taken from the school's part; and take it."""
        is_own = eighths <= room.own
        if is_own or eighths <= min(room.limit, self._idle - self._given):
            room.own -= eighths if is_own else 0
            room.limit -= eighths
            self._given += eighths
        elif eighths <= room.next:
            room.next -= eighths
            is_own = True
        return is_own

    @cached_property
    def _view(self) -> Mapping[str, Any]:
        """What the agent last saw of the cluster."""
        asked = select(ClusterView.view).where(ClusterView.name == VIEW)
        return self.session.scalar(asked) or {}

    @cached_property
    def _idle(self) -> int:
        capacity = self._view.get("capacity_eighths")
        return UNKNOWN if capacity is None else capacity - self._view.get("used_eighths", 0)

    @cached_property
    def _held(self) -> Mapping[str | None, int]:
        return held(self.session)

    def _room(self, own: str, guaranteed: int, seen: Mapping[str, Any]) -> _Room:
        used = self._held.get(own, 0)
        limit = seen.get("limit_eighths")
        free = max(0, guaranteed - used)
        return _Room(
            own=free,
            next=max(0, 2 * guaranteed - used - free),
            limit=UNKNOWN if limit is None else limit - seen.get("used_eighths", 0),
        )
