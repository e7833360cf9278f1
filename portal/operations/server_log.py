"""gunicorn's own events and its line for each answer, in the form of all the others.

A line has the path and never the query, and no header: what a person searches for, a cookie and a
token are nobody's business. Names of data sets and classes are left out, for a line outlives them.
https://docs.gunicorn.org/en/stable/settings.html#logger-class
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from portal.operations import lines

# What the API lets people call by a name as well as by its id; a name may say whose it is.
_NAMED = re.compile(r"^(/api/v1/(?:datasets|classes)/|/data/)(?!new$)([^/]+)")
_ID = re.compile(r"[0-9a-f-]{36}")


def without_names(path: str) -> str:
    """The path of a request with `*` for the name of a data set or of a class."""
    found = _NAMED.match(path)
    if found is None or _ID.fullmatch(found[2]):
        return path
    return f"{found[1]}*{path[found.end() :]}"


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
                "path": without_names(req.path),
                "status": str(resp.status).split(None, 1)[0],
                "bytes": resp.sent,
                "seconds": f"{request_time.total_seconds():.4f}",
                "client": environ.get("REMOTE_ADDR"),
            },
        )
