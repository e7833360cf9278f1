"""What an eraser still has to do, as it is kept in the database between two steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

RUN, CONTENT, BATCH = "run", "content", "batch"


@dataclass
class Plan:
    """Ids of what had files, and how far their removal is.

    The first `removed` of the items have no files any more. Of the `counted` ones after those it
    was written down how many files they had, and perhaps some are gone.
    """

    runs: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    removed: int = 0
    counted: int = 0
    removed_at: float | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """What `plain` made."""
        return cls(**plain)

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @property
    def items(self) -> list[tuple[str, str]]:
        """Everything that had files: its kind and its id, in the order of removal."""
        named = ((RUN, self.runs), (CONTENT, self.contents), (BATCH, self.batches))
        return [(kind, each) for kind, ids in named for each in ids]
