"""What the broadcaster sends around, whatever it shows."""

from __future__ import annotations

from typing import Any, Protocol


class Frame(Protocol):
    """What a lesson looks like at one moment."""

    @property
    def version(self) -> str:
        """Changes when something that a reader sees has changed."""

    @property
    def over(self) -> bool:
        """Whether nothing will move any more."""

    def said(self, language: str) -> dict[str, Any]:
        """The frame for a reader of `language`, ready for JSON."""

    def since(self, before: Frame, language: str) -> dict[str, Any]:
        """The same for a reader who has seen `before`: what has not changed may be left out."""

    def beat(self) -> dict[str, Any]:
        """What goes on changing although the frame stays the same."""
