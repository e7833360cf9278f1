"""Addresses of static files that change with the bytes, so that browsers may keep them for ever."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, current_app, url_for


def register(app: Flask) -> None:
    """Give templates `asset("app.css")`."""
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of a static file, with the hash of its content in the query."""
    folder = Path(current_app.static_folder or "")
    return url_for("static", filename=name, v=_hash(folder / name))


@cache
def _hash(path: Path) -> str:
    """Ten hex digits of the file; raises FileNotFoundError where `npm run vendor` was not run."""
    return sha256(path.read_bytes()).hexdigest()[:10]
