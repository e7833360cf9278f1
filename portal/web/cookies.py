"""What Flask, Flask-Login and Flask-WTF are told about cookies and forms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.config import Web


def configuration(web: Web) -> dict[str, Any]:
    """Flask's configuration for safe sessions.

    Under TLS the name's prefix makes browsers refuse the cookie from another host or over plain
    HTTP: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
    """
    return {
        "SESSION_COOKIE_NAME": "__Host-kesuan" if web.secure_cookies else "kesuan",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": web.secure_cookies,
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_DOMAIN": None,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=web.session_hours),
        # A page stays open for a lesson and longer; its token lives as long as the session.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_HEADERS": ["X-CSRFToken"],
        # Flask-Compress: brotli first, and never the event streams (not in its list of types).
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_ALGORITHM_STREAMING": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 5,
    }
