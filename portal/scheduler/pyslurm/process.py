"""One worker process: started, greeted, asked line by line, and ended without waiting."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from portal.scheduler.commands.runner import NoAnswer
from portal.scheduler.pyslurm import wire

_LAST_WORDS_BYTES = 2000


class Process:
    """One process of `portal.scheduler.pyslurm.worker`, greeted."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], deadline: float
    ) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=dict(environment),
                cwd="/",
                bufsize=0,
                start_new_session=True,
            )
        except OSError as cause:
            self._complaints.close()
            raise NoAnswer(f"pyslurm: {cause}", started=False) from cause
        self.end = weakref.finalize(self, _end, self._process, self._complaints)
        try:
            self.greeting = wire.Greeting(**self.listen(deadline))
        except (NoAnswer, TypeError) as cause:
            words = str(cause)
            self.end()
            raise NoAnswer(words, started=False) from cause

    @property
    def alive(self) -> bool:
        """It can be asked something."""
        return self._process.poll() is None

    def send(self, raw: bytes) -> None:
        """Ask. As long as the line has no end the worker does nothing with it."""
        # Only what is said about this call counts, and the file must not grow for ever.
        self._complaints.seek(0)
        self._complaints.truncate()
        try:
            _pipe(self._process.stdin).write(raw)
        except OSError as cause:
            raise NoAnswer(f"pyslurm: {cause}; {self._said()}", started=False) from cause

    def listen(self, deadline: float) -> dict[str, Any]:
        """The next message."""
        answers = _pipe(self._process.stdout).fileno()
        ready = select.poll()
        ready.register(answers, select.POLLIN)
        parts: list[bytes] = []
        size = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not ready.poll(left * 1000):
                raise NoAnswer(f"pyslurm: no answer in time; {self._said()}", started=True)
            part = os.read(answers, 1 << 20)
            parts.append(part)
            size += len(part)
            if not part:
                raise NoAnswer(f"pyslurm: the worker ended; {self._said()}", started=True)
            if part.endswith(b"\n"):
                break
            if size > wire.ANSWER_BYTES:
                raise NoAnswer(f"pyslurm: an answer of more than {size} bytes", started=True)
        try:
            return wire.message(b"".join(parts))
        except ValueError as cause:
            raise NoAnswer(f"pyslurm: no answer at all: {cause}", started=True) from cause

    def _said(self) -> str:
        """What the worker complained of: libslurm names the reason of a `fatal` there."""
        # The worker writes at the place of this same open file, so reading must not move it, and
        # what it says last comes after its answers have ended.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        file = self._complaints.fileno()
        last = max(0, os.fstat(file).st_size - _LAST_WORDS_BYTES)
        words = os.pread(file, _LAST_WORDS_BYTES, last)
        return words.decode(errors="replace").strip() or "it said nothing"


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise NoAnswer("pyslurm: no pipe", started=False)
    return pipe


def _end(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    """Leave nothing behind. Killing is safe: all that a worker holds is its answers."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    # One that hangs in the kernel dies when the kernel lets it; nobody waits for that.
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
    for pipe in (process.stdin, process.stdout, complaints):
        if pipe is not None:
            pipe.close()
