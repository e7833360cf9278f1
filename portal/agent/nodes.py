"""What the staff page shows of the cluster: looked at now and then, kept in the database."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.accelerators import WHOLE, Accelerator, Sharing, bars, in_use
from portal.agent.watch import Watch
from portal.config import Settings
from portal.quotas import differences, own_qos
from portal.scheduler import (
    AccountStatus,
    Limit,
    NodeStatus,
    Phase,
    Scheduler,
    SchedulerError,
    TaskStatus,
)
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, ClusterView, School

log = logging.getLogger(__name__)

NAME = "nodes"


@dataclass
class Nodes:
    """Looks at nodes, GPUs and schools' limits, and writes down what it saw."""

    settings: Settings
    store: Store
    scheduler: Scheduler
    accelerator: Accelerator
    watch: Watch
    clock: Callable[[], float] = time.time

    def look(self) -> None:
        """One look: one question to the controller, one to accounting."""
        try:
            nodes, accounts = self.scheduler.nodes(), self.scheduler.accounts()
            version = self.scheduler.version()
        except SchedulerError as error:
            log.warning("nodes are not seen", extra={"error": str(error)})
            return
        with self.store.begin(EVERYONE) as session:
            shares = select(Batch.id, Batch.eighths).where(Batch.state == "submitted")
            eighths = {name: share for name, share in session.execute(shares)}  # noqa: C416 - rows
            ours = Ours(self.watch.seen, eighths)
            view = {"version": version, **view_of(nodes, accounts, ours, self.accelerator)}
            # What staff would otherwise have to ask Slurm for, with `kesuan schools plan`.
            schools = session.scalars(select(School)).all()
            view["drift"] = {
                found.school.slurm_account: [str(change) for change in found.changes]
                for found in differences(self.settings, schools, accounts)
            }
            session.merge(ClusterView(name=NAME, seen_at=self.clock(), view=view))


@dataclass(frozen=True)
class Ours:
    """The portal's own tasks as last seen, and the share of each array by its name."""

    tasks: Sequence[TaskStatus]
    eighths: Mapping[str, int]

    def held(self, node: str | None = None) -> dict[str, int]:
        """Eighths that the tasks hold now, by Slurm account; on one node or on all."""
        held: Counter[str] = Counter()
        for task in self.tasks:
            if task.node and not task.state.ended and node in (None, task.node):
                held[task.account] += self.eighths.get(task.name, 0)
        return dict(held)


def view_of(
    nodes: Iterable[NodeStatus],
    accounts: Iterable[AccountStatus],
    ours: Ours,
    accelerator: Accelerator,
) -> dict[str, Any]:
    """The cluster as plain data: nodes with bars of eighths, what waits, what schools use."""
    shown = [_node(node, ours, accelerator) for node in nodes]
    held = ours.held()
    pending = (task.reason for task in ours.tasks if task.state.phase is Phase.PENDING)
    return {
        "nodes": shown,
        "capacity_eighths": sum(node["eighths"] for node in shown if node["usable"]),
        "used_eighths": sum(node["used_eighths"] for node in shown),
        "waiting": [
            {"reason": reason, "runs": runs} for reason, runs in Counter(pending).most_common()
        ],
        "schools": {
            account.name: {
                "limit_eighths": limit_eighths(account.limits, accelerator),
                "used_eighths": held.get(account.name, 0),
                "own": own_qos(account.name) in account.qos,
            }
            for account in accounts
        },
    }


def limit_eighths(limits: Mapping[Limit, int], accelerator: Accelerator) -> int | None:
    """A school's GrpTRES for the resource that is shared here, in eighths; None for no limit."""
    resource = accelerator.family.resource
    number = limits.get(Limit("GrpTRES", f"gres/{resource}")) if resource else None
    if number is None:
        return None
    units = accelerator.units_per_device if accelerator.family.sharing is Sharing.UNITS else 1
    return number * WHOLE // units


def _node(node: NodeStatus, ours: Ours, accelerator: Accelerator) -> dict[str, Any]:
    gpus = bars(node.gres, accelerator)
    used, total = in_use(gpus)
    return {
        "name": node.name,
        "state": str(node.state),
        "usable": node.state.usable,
        "reason": node.reason,
        "cpus": node.cpus,
        "cpus_used": node.cpus_used,
        "memory_mb": node.memory_mb,
        "memory_used_mb": node.memory_used_mb,
        "gpu_type": next((row.type for row in node.gres if row.type), ""),
        "gpus": [
            {"index": index, "eighths": bar.total, "used_eighths": bar.used}
            for index, bar in enumerate(gpus)
        ],
        "eighths": total,
        "used_eighths": used,
        "schools": ours.held(node.name),
    }
