"""What all schools together have been promised, beside what the cluster has. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from portal.accelerators import Accelerator, bars, in_use
from portal.language import N_, Message
from portal.scheduler import NodeStatus
from portal.store.tables import School


def too_much(
    schools: Iterable[School], nodes: Iterable[NodeStatus], accelerator: Accelerator
) -> Message | None:
    """What is said where the guaranteed parts are more than there is; None where they are not."""
    promised = sum(school.guaranteed or 0 for school in schools)
    there = sum(in_use(bars(node.gres, accelerator))[1] for node in nodes)
    if promised <= there or not there:
        return None
    return N_(
        "The guaranteed parts of all schools are {promised} shares together, and the cluster has"
        " {there}.",
        promised=promised,
        there=there,
    )
