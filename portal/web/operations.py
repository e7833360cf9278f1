"""What machines ask the portal about itself: is it there, is it ready, how is it doing."""

from __future__ import annotations

import logging
import time
from ipaddress import ip_address, ip_network

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from portal.operations.figures import Figures
from portal.operations.readiness import missing
from portal.services import services
from portal.web import latency
from portal.web.login import open_to_all
from portal.web.speech import say

blueprint = Blueprint("operations", __name__)

log = logging.getLogger(__name__)


@blueprint.get("/healthz")
@open_to_all
def healthz() -> ResponseReturnValue:
    """This process answers. Nothing else is asked for, so anybody may know."""
    return jsonify(alive=True)


@blueprint.get("/readyz")
@open_to_all
def readyz() -> ResponseReturnValue:
    """What the portal lacks to do its work, with 503 where that is anything."""
    _only_neighbours()
    lacking = missing(services().store, time.time())
    answer = jsonify(
        ready=not lacking,
        missing=[{"what": each.what, "message": say(each.message)} for each in lacking],
    )
    return answer, 503 if lacking else 200


@blueprint.get("/metrics")
@open_to_all
def metrics() -> ResponseReturnValue:
    """Figures in the form that Prometheus asks for."""
    _only_neighbours()
    registry = CollectorRegistry()
    registry.register(Figures(services().store))
    latency.add_to(registry)
    encode, kind = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=kind)


def _only_neighbours() -> None:
    """Let in the addresses of `web.operations_from`, whatever stands in between."""
    web = services().settings.web
    # With a proxy that the settings do not count, every address would be the proxy's own.
    unknown_proxy = not web.trusted_proxies and "X-Forwarded-For" in request.headers
    if unknown_proxy or not _is_among(request.remote_addr or "", web.operations_from):
        log.info("not a neighbour", extra={"path": request.path, "client": request.remote_addr})
        abort(403)


def _is_among(client: str, networks: list[str]) -> bool:
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return any(address in ip_network(each) for each in networks)
