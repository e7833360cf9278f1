"""The program as a child in a process group of its own: its output, its signals, its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from runtime.launcher.log import CappedLog

TICK_SECONDS = 1.0
AGAIN_SECONDS = 2.0
"""A program that is still importing its libraries hears "finish now" when it is said again."""

GRACE_STOPPING = 5.0
GRACE_FINISHING = 20.0
"""Seconds between SIGTERM and SIGKILL; Slurm's own KillWait is 30 by default (slurm.conf(5))."""

DRAIN_SECONDS = 2.0


class Child:
    """Runs one command to its end. Signals that come to this process are passed on:

    USR1 means "finish now, keep the best model". TERM means stop; a program that is finishing
    already gets time to save. CONT (after a suspension) goes to the whole group.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str], log: CappedLog
    ) -> None:
        self.finishing = False
        self.stopped = False
        self._log = log
        self._kill_at: float | None = None
        self._say_again_at = 0.0
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_wait_for_ears,
        )
        signal.signal(signal.SIGUSR1, self._on_finish)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGCONT, self._on_continue)

    def wait(self) -> int:
        """The exit code as subprocess gives it: below 0 is minus the signal that killed it."""
        try:
            self._read_output()
            return self._wait_closed()
        finally:
            self._signal_group(signal.SIGKILL)

    def _read_output(self) -> None:
        output = self._process.stdout
        if output is None:
            raise ValueError("the program was started without a pipe")
        ended: float | None = None
        with output:
            while True:
                ready, _, _ = select.select([output], [], [], TICK_SECONDS)
                body = os.read(output.fileno(), 65536) if ready else None
                if body:
                    self._log.write(body)
                if body == b"":
                    return
                self._on_tick()
                if self._process.poll() is not None:
                    # A grandchild may hold the pipe open for ever: it gets a moment, not more.
                    ended = ended or time.monotonic()
                    if not ready or time.monotonic() - ended > DRAIN_SECONDS:
                        return

    def _wait_closed(self) -> int:
        """A program may close its output and go on; signals still have to be looked after."""
        while True:
            try:
                return self._process.wait(TICK_SECONDS)
            except subprocess.TimeoutExpired:
                self._on_tick()

    def _on_tick(self) -> None:
        now = time.monotonic()
        if self._kill_at is not None and now >= self._kill_at:
            self._signal_group(signal.SIGKILL)
        elif self.finishing and now >= self._say_again_at:
            self._signal(signal.SIGUSR1)
            self._say_again_at = now + AGAIN_SECONDS

    def _on_finish(self, _signal: int, _frame: FrameType | None) -> None:
        self.finishing = True
        self._say_again_at = time.monotonic() + AGAIN_SECONDS
        self._signal(signal.SIGUSR1)

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self._kill_at is None:
            grace = GRACE_FINISHING if self.finishing else GRACE_STOPPING
            self._kill_at = time.monotonic() + grace
        self.stopped = True
        self._signal(signal.SIGTERM)

    def _on_continue(self, _signal: int, _frame: FrameType | None) -> None:
        self._signal_group(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _wait_for_ears() -> None:
    """Until the program listens for it, "finish now" must not kill it (the default action)."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
