"""How long runs have been in doubt: something that should be there is in no answer.

Doubt ages only while those who are asked do answer. It lives in one agent's memory: what another
one noted before it was killed says nothing of the time in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Doubt:
    """Since when each run has been missing, by the run's id."""

    settle_s: float
    clock: Callable[[], float]
    _since: dict[str, float] = field(default_factory=dict)

    def begin(self, run_id: str) -> None:
        """Note that a run is missing; nothing new where it was so before."""
        self._since.setdefault(run_id, self.clock())

    def is_settled(self, run_id: str, at_least_s: float = 0.0) -> bool:
        """Whether it has been missing for longer than it takes to settle."""
        missing = self.clock() - self._since.get(run_id, math.inf)
        return missing >= max(self.settle_s, at_least_s)

    def end(self, run_ids: Iterable[str]) -> None:
        """These are there again, or were not really looked for."""
        for run_id in run_ids:
            self._since.pop(run_id, None)

    def end_all(self) -> None:
        """Nobody answered."""
        self._since.clear()
