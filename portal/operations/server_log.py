"""gunicorn's own events and its line for each answer, in the form of all the others.

A line has the path and never the query, and no header: what a person searches for, a cookie and a
token are nobody's business. https://docs.gunicorn.org/en/stable/settings.html#logger-class
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from portal.operations import lines


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's logger, over the handler of `portal.operations.lines`."""

    def setup(self, cfg: Any) -> None:
        """Called at the start and at every reload."""
        super().setup(cfg)
        lines.to_stderr()
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def access(self, resp: Any, req: Any, environ: Any, request_time: timedelta) -> None:
        """One answered request; `seconds` is until the last byte, for an event stream its life."""
        self.access_log.info(
            "answered",
            extra={
                "method": req.method,
                "path": req.path,
                "status": str(resp.status).split(None, 1)[0],
                "bytes": resp.sent,
                "seconds": f"{request_time.total_seconds():.4f}",
                "client": environ.get("REMOTE_ADDR"),
            },
        )
