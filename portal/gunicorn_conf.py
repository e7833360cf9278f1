"""gunicorn's configuration, taken from the portal's own settings file.

One process of gevent workers holds the event streams of many classes: each open class page is a
greenlet that mostly sleeps. Names are gunicorn's own:
https://docs.gunicorn.org/en/stable/settings.html
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from portal.config import DEFAULT_FILE, ENVIRONMENT_VARIABLE, load

FORGET_EVERY_S = 600.0
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a folder of this process's own is made there

_web = load(Path(os.environ.get(ENVIRONMENT_VARIABLE, DEFAULT_FILE))).web

bind = _web.bind
workers = _web.workers
worker_class = "gevent"
# An open class page is a connection and sleeps most of the time. Were there room for fewer than
# there are, the next page would wait unanswered. Ninety classes with a page a seat are 3,600.
worker_connections = 8000
# The proxies that ProxyFix trusts are counted in the settings; gunicorn itself believes nobody.
forwarded_allow_ips = "127.0.0.1,::1" if _web.trusted_proxies else ""
# A worker that is told to go takes no new connection, answers what it has begun, and says
# "Connection: close" to whoever asks on an open connection. A connection that is idle ends after
# `keepalive`, as it does on any day, so nobody's request meets a door that has just been shut. Only
# an upload that takes longer than `graceful_timeout` from then on is cut off.
graceful_timeout = 30
timeout = 60
keepalive = 5
# One line for each answer, and gunicorn's own events in the same form.
accesslog = "-"
logger_class = "portal.operations.server_log.ServerLog"
# Nothing here is steered over gunicorn's own socket, and the service user has no home for it.
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """Before the first worker: folders where all of them count how long their answers take, and
    leave each other the frames of class pages.

    And each connection is an open file: a process may have as many as its administrator allows
    (LimitNOFILE= in systemd/kesuan-web.service), and not just the 1,024 that it starts with.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="kesuan-metrics-")
    if workers > 1:
        # In memory where there is such a place: a disk would be told of each frame, every second.
        memory = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
        os.environ["KESUAN_FRAMES_DIR"] = tempfile.mkdtemp(prefix="kesuan-frames-", dir=memory)


def post_worker_init(worker: Any) -> None:
    """Event streams never end by themselves; those of a worker that is told to go end at once.

    Beside that, frames of lessons that nobody looks at are forgotten, also where nobody looks at
    any other lesson for days: what was deleted is to be gone everywhere.
    """
    # Not above: gunicorn's first process stays without the portal, which gevent must patch first.
    from portal.web import broadcast

    broadcaster = worker.wsgi.extensions[broadcast.EXTENSION]

    def wait_and_close() -> None:
        forget_at = time.monotonic() + FORGET_EVERY_S
        while worker.alive:
            time.sleep(0.1)
            if time.monotonic() > forget_at:
                forget_at = time.monotonic() + FORGET_EVERY_S
                broadcaster.forget_old()
        broadcaster.close()

    threading.Thread(target=wait_and_close, name="end of streams", daemon=True).start()


def on_exit(_server: Any) -> None:
    """After the last worker."""
    for name in ("PROMETHEUS_MULTIPROC_DIR", "KESUAN_FRAMES_DIR"):
        if name in os.environ:
            shutil.rmtree(os.environ[name], ignore_errors=True)
