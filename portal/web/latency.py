"""How long answers take, as a histogram for Prometheus, by group of pages and class of status.

gunicorn's workers each count their own answers in files of `PROMETHEUS_MULTIPROC_DIR`, which
`portal.gunicorn_conf` makes, and whichever worker is asked adds them up:
https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
import time
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

EXTENSION = "kesuan-latency"
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def register(app: Flask) -> None:
    """Measure every answer of the application, from its first look to its first byte."""
    app.extensions[EXTENSION] = Histogram(
        "kesuan_http_request_seconds",
        "Seconds until an answer began, by group of pages and class of status.",
        ("group", "status"),
        registry=None,
        buckets=BUCKETS,
    )
    app.before_request(_begin)
    app.after_request(_end)


def add_to(registry: CollectorRegistry) -> None:
    """Let a registry tell the histogram: of all workers where there are several, else our own."""
    if os.environ.get(SHARED_FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_histogram())


def _begin() -> None:
    g.begun = time.perf_counter()


def _end(response: Response) -> Response:
    # Groups come from the application's own list of pages, so that their number is known.
    group = request.blueprint or (request.endpoint or "nowhere")
    status = f"{response.status_code // 100}xx"
    _histogram().labels(group, status).observe(time.perf_counter() - g.begun)
    return response


def _histogram() -> Histogram:
    return cast(Histogram, current_app.extensions[EXTENSION])
