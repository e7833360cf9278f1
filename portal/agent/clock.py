"""A clock that does not jump when somebody sets the machine's by a day.

What the agent does by the clock cannot be undone: it rings a lesson out, gives a missing job up,
lets its lease end. So a step of the machine's clock is not followed at once. The time goes on as
it did before, by the clock that counts from the machine's start and that nobody can set; a step
that is taken back within minutes has done nothing. One that stays was meant, and is followed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

# What NTP may put right at once; nothing here is measured more finely.
SMALL_S = 5.0
MEANT_AFTER_S = 600.0


def since_boot() -> float:
    """Seconds since the machine's start, those in which it slept included."""
    # https://man7.org/linux/man-pages/man2/clock_gettime.2.html
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass
class SteadyClock:
    """UTC seconds; call it."""

    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = since_boot
    _agreed: tuple[float, float] = field(init=False)
    _stepped_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._agreed = self.wall(), self.ticks()

    def __call__(self) -> float:
        """The machine's time, or the time that it would be without a step that is still doubted."""
        wall, ticks = self.wall(), self.ticks()
        expected = self._agreed[0] + ticks - self._agreed[1]
        if abs(wall - expected) <= SMALL_S:
            self._agreed, self._stepped_at = (wall, ticks), None
            return wall
        if self._stepped_at is None:
            self._stepped_at = ticks
            log.error("the clock was set; not followed yet", extra={"seconds": wall - expected})
        if ticks - self._stepped_at >= MEANT_AFTER_S:
            log.warning("the clock stays set, and is followed", extra={"seconds": wall - expected})
            self._agreed, self._stepped_at = (wall, ticks), None
            return wall
        return expected
