"""Addresses of static files that change with the bytes, so that browsers may keep them for ever."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for


def register(app: Flask) -> None:
    """Give templates `asset("app.css")`."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_whole)


def asset(name: str) -> str:
    """The address of a static file, with the hash of its content in the query."""
    folder = Path(current_app.static_folder or "")
    return url_for("static", filename=name, v=_hash(folder / name))


def _whole(response: Response) -> Response:
    """Read a static file whole: they are small, and what is no stream is compressed and closed."""
    if request.endpoint == "static" and response.direct_passthrough:
        response.direct_passthrough = False
        response.make_sequence()
    return response


@cache
def _hash(path: Path) -> str:
    """Ten hex digits of the file; raises FileNotFoundError where `npm run vendor` was not run."""
    return sha256(path.read_bytes()).hexdigest()[:10]
