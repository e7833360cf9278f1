"""gunicorn's configuration, taken from the portal's own settings file.

One process of gevent workers holds the event streams of many classes: each open class page is a
greenlet that mostly sleeps. Names are gunicorn's own:
https://docs.gunicorn.org/en/stable/settings.html
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from portal.config import DEFAULT_FILE, ENVIRONMENT_VARIABLE, load

_web = load(Path(os.environ.get(ENVIRONMENT_VARIABLE, DEFAULT_FILE))).web

bind = _web.bind
workers = _web.workers
worker_class = "gevent"
worker_connections = 2000
# The proxies that ProxyFix trusts are counted in the settings; gunicorn itself believes nobody.
forwarded_allow_ips = "127.0.0.1,::1" if _web.trusted_proxies else ""
# An event stream never ends by itself, so a stop waits no longer than this for it.
graceful_timeout = 5
timeout = 60
keepalive = 15
# One line for each answer, and gunicorn's own events in the same form.
accesslog = "-"
logger_class = "portal.operations.server_log.ServerLog"
# Nothing here is steered over gunicorn's own socket, and the service user has no home for it.
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """Before the first worker: a folder where all of them count how long their answers take."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="kesuan-metrics-")


def on_exit(_server: Any) -> None:
    """After the last worker."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
