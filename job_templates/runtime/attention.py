"""What a program does with the signals that its launcher, or Slurm, sends it."""

from __future__ import annotations

import atexit
import signal
from types import FrameType

from runtime.failures import Stopped


class Attention:
    """USR1 sets `finish_now`; TERM ends the training at once unless it is finishing already.

    At a time limit Slurm signals every process of a job, so a program that was told to finish
    must not be torn from saving its best model by the TERM that follows.
    """

    def __init__(self) -> None:
        self.finish_now = False
        signal.signal(signal.SIGUSR1, self._finish)
        signal.signal(signal.SIGTERM, self._stop)
        # USR1 is said more than once, and a Python that ends sets its handlers back to the default,
        # which is death, before its libraries go. What is ignored by then stays ignored.
        atexit.register(signal.signal, signal.SIGUSR1, signal.SIG_IGN)

    def _finish(self, _signal: int, _frame: FrameType | None) -> None:
        self.finish_now = True

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.finish_now:
            raise Stopped("SIGTERM")
