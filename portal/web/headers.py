"""Headers that every answer carries: what the browser must not do with it."""

from __future__ import annotations

from flask import Flask, Response, request

# No inline script or style anywhere, so a name that slips through escaping still runs nothing.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# Something that a job or a person made, should a browser ever show it as a page of its own.
SANDBOX = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
YEAR = 31_536_000


def register(app: Flask) -> None:
    """Add the headers to every answer of the application."""
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    # CSRF's check under TLS reads the referrer of our own pages.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.endpoint == "static":
        # A file's address carries the hash of its bytes (portal.web.assets).
        hashed = "v" in request.args
        headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if hashed else "no-cache"
    else:
        headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response
