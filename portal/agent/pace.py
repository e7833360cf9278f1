"""How soon after an array a school's next one may go: at once, unless many are going.

An array costs the controller and the agent some milliseconds however many tasks it has. So while
ninety classes press Train, a school whose array has just gone waits a little for more of its
pupils, and the longer the more arrays are going; until nobody presses any more. A lone press, and
a class that is launched as a whole, find nothing to wait for.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# As long as the longest wait. To a shorter one, waiting would look like quiet, and all go at once.
WINDOW_S = 8.0
FREE = 40  # arrays in a window that nobody waits for
EACH_S = 0.1  # of waiting for each array beyond them
LONGEST_S = WINDOW_S
# When nothing was added to what waits for so long, no more is to come that is worth waiting for.
QUIET_S = 0.5


@dataclass
class Pace:
    """When arrays went, as one agent remembers it. `ticks` tells seconds that never jump."""

    ticks: Callable[[], float] = time.monotonic
    _went: deque[float] = field(default_factory=deque)
    _last: dict[str, float] = field(default_factory=dict)
    _newest: float | None = None
    _added_at: float = 0.0

    def went(self, account: str) -> None:
        """An array of this Slurm account was sent."""
        now = self.ticks()
        self._went.append(now)
        self._last[account] = now

    def resting(self, newest: float | None) -> frozenset[str]:
        """The accounts whose runs wait for more of them.

        `newest` is when the newest of all that wait was made, by whichever clock: it is only
        compared with itself.
        """
        now = self.ticks()
        if newest != self._newest:
            self._newest, self._added_at = newest, now
        while self._went and now - self._went[0] > WINDOW_S:
            self._went.popleft()
        if now - self._added_at > QUIET_S:
            return frozenset()
        rest_s = min(LONGEST_S, EACH_S * max(0, len(self._went) - FREE))
        self._last = {name: at for name, at in self._last.items() if now - at < LONGEST_S}
        return frozenset(name for name, at in self._last.items() if now - at < rest_s)
