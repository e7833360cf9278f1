"""One setting: a dataclass field whose metadata says what it is for and what it may be."""

from __future__ import annotations

from dataclasses import MISSING, field
from typing import Any


def setting(
    doc: str,
    default: Any = MISSING,
    *,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    secret: bool = False,
) -> Any:
    """A field that `portal.config.reading` checks and `docs/settings.md` explains.

    Without a default the file must have it. `low` and `high` belong to it. Every list and
    dictionary gets a default of its own.
    """
    metadata = {"doc": doc, "choices": choices, "low": low, "high": high, "secret": secret}
    if default is MISSING:
        return field(metadata=metadata)
    if isinstance(default, dict | list):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)
