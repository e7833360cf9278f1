"""Settings for people's eyes: no secret is among them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from portal.config.settings import Settings


def effective(settings: Settings) -> dict[str, Any]:
    """The settings as plain data to print: no secret is in them, for secrets live in files."""
    plain = asdict(settings)
    plain["database"]["url"] = without_password(settings.database.url)
    return plain


def without_password(url: str) -> str:
    """A database URL as it may be shown."""
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, sep, who = head.partition("://")
    return f"{scheme}{sep}{who.split(':')[0]}@{tail}"
