"""The staff's page: nodes and GPUs as bars of eighths, and what waits and why."""

from __future__ import annotations

import time

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.operations.now import standings
from portal.people import schools
from portal.people.access import Action, require
from portal.services import services
from portal.store.tables import ClusterView, Lease
from portal.web.gpu_bars import colour_of, nodes_of
from portal.web.login import reading, viewer

blueprint = Blueprint("cluster", __name__, url_prefix="/cluster")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The cluster as the agent last saw it; the page loads its middle again every few seconds."""
    return render_template("cluster.html", **_seen())


@blueprint.get("/now")
def now() -> ResponseReturnValue:
    """The part of the page that changes."""
    return render_template("fragments/cluster_now.html", **_seen())


def _seen() -> dict[str, object]:
    require(viewer(), Action.SEE_CLUSTER)
    with reading() as session:
        seen, lease = session.get(ClusterView, "nodes"), session.get(Lease, "agent")
        known = schools.list_schools(session)
        house = services()
        view = seen.view if seen else {}
        nodes = nodes_of(view)
        return {
            "view": view,
            "nodes": nodes,
            "holding": {block for node in nodes for bar in node.bars for block in bar.blocks},
            "schools": known,
            "standings": standings(session, view),
            "colours": {each.slurm_account: colour_of(i) for i, each in enumerate(known)},
            "seen_at": seen.seen_at if seen else None,
            "lease": lease,
            "partition": house.settings.slurm.partition,
            "templates": house.catalog.all(),
            "faults": house.catalog.faults,
            "now": time.time(),
        }
