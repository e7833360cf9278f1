"""What class pages are sent: a lesson at one moment, in bytes that were made once for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Frame:
    """A lesson at one moment, as JSON in each language that a reader may have.

    `version` changes when something that a reader sees has changed, and `over` says that nothing
    will move any more. `news` are the same frame for whoever has seen the version `before`: what
    has not changed since is left out.
    """

    version: str
    over: bool
    whole: Mapping[str, bytes]
    before: str | None = None
    news: Mapping[str, bytes] = field(default_factory=dict)

    def bytes_for(self, language: str, seen: str | None = None) -> bytes:
        """The JSON for a reader who has seen the version `seen`, or none yet."""
        follows = seen is not None and seen == self.before
        return (self.news if follows else self.whole)[language]
