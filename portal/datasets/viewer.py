"""Whoever asks, as far as this room needs to know. `portal.people` makes them."""

from __future__ import annotations

from typing import Protocol


class Viewer(Protocol):
    """A person or a script that has logged in."""

    @property
    def user_id(self) -> str: ...
    @property
    def school_id(self) -> str | None: ...
    @property
    def role(self) -> str: ...
