"""Addresses that came with a request: only those inside the portal are followed."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request, url_for


def inside(address: str | None) -> str:
    """`address` where it is a path of this portal, else the first page.

    Browsers read `//host`, `/\\host` and control characters as another site's address.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return url_for("home.page")
    if "\\" in address or not address.isprintable():
        return url_for("home.page")
    return address


def back() -> str:
    """The page that the request was sent from, where it is one of ours, else the first page."""
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return url_for("home.page")
    return inside(f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path)
