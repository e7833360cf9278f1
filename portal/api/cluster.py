"""What the agent last saw of the cluster, for staff."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.errors import Unavailable
from portal.language import N_
from portal.people.access import Action, require
from portal.services import services
from portal.store.tables import ClusterView, Lease

noun = Noun("cluster", "Nodes, GPUs and shares in use.")


class ClusterSchema(ma.Schema):
    """One look at the cluster, and how old it is."""

    seen_at = ma.fields.Float(required=True)
    slurm_answered_at = ma.fields.Float(required=True, allow_none=True)
    slurm_error = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why Slurm gave no answer the last time; null where it did."},
    )
    view = ma.fields.Dict(
        required=True,
        metadata={
            "description": "version, cluster, nodes (each with gpus of eighths), waiting (reason "
            "and runs), capacity_eighths, used_eighths"
        },
    )


@noun.reads("/cluster", ClusterSchema)
def show() -> dict[str, Any]:
    """Show nodes and GPUs as last seen (staff only). No call to Slurm is made."""
    require(viewer(), Action.SEE_CLUSTER)
    with services().store.reading(viewer().tenant) as session:
        seen = session.get(ClusterView, "nodes")
        lease = session.get(Lease, "agent")
    if seen is None:
        raise Unavailable(N_("The agent has not looked at the cluster yet."))
    return {
        "seen_at": seen.seen_at,
        "slurm_answered_at": lease.slurm_answered_at if lease is not None else None,
        "slurm_error": lease.slurm_error if lease is not None else None,
        "view": seen.view,
    }
