"""What the controller said of each task, and when: it may deny it later.

A controller that begins anew with an older state has forgotten what it called ended, and
accounting writes its new word over the old one. Whoever was shown the old one was shown the truth
of that time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from stage.chaos.slurm import Slurm

EVERY_S = 0.25
Task = tuple[str, int]
"""A batch's name and the place in its array."""


class Overheard:
    """Asks squeue for all that the controller has, in a thread of its own.

    An ended job stays there for MinJobAge, which is longer than the time between two questions.
    """

    def __init__(self, slurm: Slurm) -> None:
        self._slurm = slurm
        self._stop = threading.Event()
        self._said: dict[Task, list[tuple[float, str]]] = {}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> Mapping[Task, Sequence[tuple[float, str]]]:
        """Stop, and tell each task's states in their order, with the time of the answer."""
        self._stop.set()
        self._thread.join()
        return self._said

    def _listen(self) -> None:
        while not self._stop.wait(EVERY_S):
            for name, task, state in self._slurm.jobs():
                said = self._said.setdefault((name, task), [])
                if not said or said[-1][1] != state:
                    said.append((time.time(), state))
