"""Every kind of fault, and how many of 1,300 points are of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stage.chaos.faults import agent, clock, controller, jobs, nodes, storage
from stage.chaos.scene import Fault


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `weight` is its part of 1,300 points; `once`: one point, however many."""

    name: str
    strike: Fault
    weight: int
    once: bool = False
    early: bool = False  # what it starts takes minutes, so it does not come last


_KINDS = (
    Kind("agent-killed", agent.killed, 1000),
    Kind("agent-paused", agent.paused, 10),
    Kind("sbatch-killed", agent.sbatch_killed, 100),
    Kind("controller-paused", controller.paused, 20),
    Kind("controller-killed", controller.killed, 30),
    Kind("controller-old-state", controller.old_state, 12),
    Kind("controller-away", controller.away, 1, once=True),
    Kind("accounting-away", controller.accounting_away, 14),
    Kind("node-failed", nodes.failed, 14),
    Kind("job-requeued", jobs.requeued, 20),
    Kind("job-preempted", jobs.preempted, 12),
    Kind("job-cancelled", jobs.cancelled, 20),
    Kind("job-out-of-memory", jobs.out_of_memory, 8, early=True),
    Kind("job-over-time", jobs.over_time, 6, early=True),
    Kind("job-gone-unseen", jobs.gone_unseen, 10),
    Kind("database-locked", storage.database_locked, 5),
    Kind("disk-full", storage.disk_full, 10),
    Kind("clock-moved", clock.moved, 8),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
