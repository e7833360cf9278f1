"""A classroom behind a real address, and all that browsers send there."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.serving import make_server

HEARD = ("REQUEST_URI", "HTTP_REFERER", "HTTP_COOKIE")


@contextmanager
def served(app: Flask) -> Iterator[tuple[str, list[str]]]:
    """The address, and a list of request lines, referrers, cookies and bodies that fills."""
    asked: list[str] = []

    def listening(environ: WSGIEnvironment, start: StartResponse) -> Iterable[Any]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        asked.append("\n".join([*(environ.get(name, "") for name in HEARD), body.decode()]))
        return app(environ, start)

    server = make_server("127.0.0.1", 0, listening, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
