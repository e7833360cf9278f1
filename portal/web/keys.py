"""Keys that a form carries, so that a button pressed twice starts its work once."""

from __future__ import annotations

import secrets


def new_key() -> str:
    """A fresh idempotency key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)
