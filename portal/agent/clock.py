"""A clock that does not jump when somebody sets the machine's by a day.

What the agent does by the clock cannot be undone: it rings a lesson out, gives a missing job up,
lets its lease end. So a step of the machine's clock is not followed at once. The time goes on as
it did before, by the clock that counts from the machine's start and that nobody can set; a step
that is taken back within minutes has done nothing. One that stays was meant, and is followed.

An agent that starts goes on from what the last one of this machine left in a file, as long as the
machine was not started anew since. Without that, nobody tells it that the clock is wrong.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

# What NTP may put right at once; nothing here is measured more finely.
SMALL_S = 5.0
MEANT_AFTER_S = 600.0


def since_boot() -> float:
    """Seconds since the machine's start, those in which it slept included."""
    # https://man7.org/linux/man-pages/man2/clock_gettime.2.html
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock(Protocol):
    """UTC seconds, by two rules."""

    def __call__(self) -> float:
        """The time that it is, as far as anybody can tell; it does not jump."""

    def surely(self) -> float:
        """The time that it is at least: whatever ends by the clock ends by this one.

        While a step is doubted, people's lessons may have been made by either time.
        """


@dataclass
class SteadyClock:
    """The machine's time, or the time that it would be without a step that is still doubted.

    `before` are UTC seconds and the ticks at which they were true.
    """

    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = since_boot
    before: InitVar[tuple[float, float] | None] = None
    _agreed: tuple[float, float] = field(init=False)
    _stepped_at: float | None = field(default=None, init=False)

    def __post_init__(self, before: tuple[float, float] | None) -> None:
        self._agreed = before or (self.wall(), self.ticks())

    def __call__(self) -> float:
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

    def surely(self) -> float:
        return min(self(), self.wall())


@dataclass(frozen=True)
class Memory:
    """The file in which a machine's agents leave the time for those that come after them."""

    file: Path
    boot: str

    @classmethod
    def of_this_machine(cls, data_root: Path) -> Memory:
        """Machines that share a data root have a file each."""
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return cls(data_root / "clocks" / f"{socket.gethostname()}.json", boot)

    def recall(self) -> tuple[float, float] | None:
        """UTC seconds and the ticks of that moment; None where this start of the machine has none.

        A file that cannot be read is none.
        """
        try:
            noted = json.loads(self.file.read_bytes())
            same = noted["boot"] == self.boot
            return (float(noted["time"]), float(noted["ticks"])) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def note(self, now: float, ticks: float) -> None:
        """Leave the time. What the storage does not take is left the next time."""
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        try:
            self.file.parent.mkdir(exist_ok=True)
            draft.write_text(json.dumps({"boot": self.boot, "time": now, "ticks": ticks}))
            draft.replace(self.file)
        except OSError as error:
            log.warning("the time is not noted", extra={"error": str(error)})
