"""What a simulated task will do once it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.scheduler.protocol import ArrayRequest


@dataclass(frozen=True, slots=True)
class Play:
    """A task's part: how long it runs and how it ends.

    `state` overrides what the exit code says ("NODE_FAIL", "OUT_OF_MEMORY", …). A task that heeds
    the signal ends well `finishing_s` after it. `at_end` is called when the task ends by itself.
    """

    seconds: float = 5.0
    exit_code: int = 0
    state: str | None = None
    heeds_signal: bool = True
    finishing_s: float = 0.5
    at_end: Callable[[], None] | None = None

    @property
    def outcome(self) -> str:
        """The base state that the task ends in when nobody interferes."""
        return self.state or ("COMPLETED" if self.exit_code == 0 else "FAILED")


Program = Callable[[ArrayRequest, int], Play]
"""Called when a task starts, with its request and its number."""


def five_seconds(request: ArrayRequest, task: int) -> Play:
    """The program of a simulation that nobody has told anything else."""
    del request, task
    return Play()
