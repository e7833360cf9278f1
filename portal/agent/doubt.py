"""How long something has been in doubt: it should be there, and is in no answer.

Doubt ages only while those who are asked do answer. It lives in one agent's memory: what another
one noted before it was killed says nothing of the time in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Doubt:
    """Since when each run, or batch, has been missing, by its id."""

    settle_s: float
    clock: Callable[[], float]
    _since: dict[str, float] = field(default_factory=dict)

    def begin(self, what: str) -> None:
        """Note that it is missing; nothing new where it was so before."""
        self._since.setdefault(what, self.clock())

    def is_settled(self, what: str, at_least_s: float = 0.0) -> bool:
        """Whether it has been missing for longer than it takes to settle."""
        missing = self.clock() - self._since.get(what, math.inf)
        return missing >= max(self.settle_s, at_least_s)

    def end(self, these: Iterable[str]) -> None:
        """They are there again, or were not really looked for."""
        for what in these:
            self._since.pop(what, None)

    def end_all(self) -> None:
        """Nobody answered."""
        self._since.clear()
