"""Keeps one worker: starts it, asks it within a time limit, ends it when it stalls."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from portal.scheduler.commands.runner import NoAnswer, Runner
from portal.scheduler.pyslurm import wire

_WORKER = "portal.scheduler.pyslurm.worker"

# A worker that does not come up takes a second of CPU each time: not at every question.
_PAUSE_S = 2.0
_LAST_WORDS_BYTES = 2000


class Refused(Exception):
    """The worker answered, and the answer is no.

    `sent` tells whether the request had gone to Slurm ("slurm"), or pyslurm could not make
    anything of it ("request").
    """

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.words = words
        self.sent = sent


class Keeper:
    """A worker that is there when it is needed; safe for several threads, which take turns.

    No call takes longer than `timeout_s` seconds, the wait for other threads and the start of a
    new worker included.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], timeout_s: float = 30.0
    ) -> None:
        self._command = tuple(command)
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._turn = threading.Lock()
        self._worker: _Worker | None = None
        self._pause_until = 0.0
        self._last_words = ""
        self._asked = 0

    @classmethod
    def of(cls, runner: Runner, folder: Path | None) -> Keeper:
        """A keeper whose worker has the environment and the time that Slurm's commands have.

        `folder` is where pyslurm lies, if not among the portal's own packages.
        """
        arguments = [] if folder is None else [str(folder)]
        # -I: neither the folder that the agent runs in nor PYTHONPATH leads to other modules.
        command = [sys.executable, "-I", "-m", _WORKER, *arguments]
        return cls(command, runner.environment, runner.timeout_s)

    def ask(self, call: str, **values: Any) -> Any:
        """The result of one call.

        Raises `Refused`, and `NoAnswer` whose `started` says whether the worker may have done
        what it was asked.
        """
        deadline = time.monotonic() + self._timeout_s
        with _Turn(self._turn, deadline):
            self._asked += 1
            raw = wire.line({"id": self._asked, "call": call, "with": values})
            if len(raw) > wire.REQUEST_BYTES:
                raise Refused(f"{call}: a request of {len(raw)} bytes", sent=False)
            worker = self._ready(deadline)
            try:
                worker.send(raw)
                return _result(worker.listen(deadline), self._asked)
            except NoAnswer:
                self.close()
                raise

    def greeting(self) -> wire.Greeting:
        """What the worker said when it came up; raises `NoAnswer`."""
        deadline = time.monotonic() + self._timeout_s
        with _Turn(self._turn, deadline):
            return self._ready(deadline).greeting

    def close(self) -> None:
        """End the worker; the next call starts another."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _ready(self, deadline: float) -> _Worker:
        if self._worker is not None and self._worker.alive:
            return self._worker
        self.close()
        if time.monotonic() < self._pause_until:
            raise NoAnswer(self._last_words, started=False)
        try:
            self._worker = _Worker(self._command, self._environment, deadline)
        except NoAnswer as silence:
            self._pause_until = time.monotonic() + _PAUSE_S
            self._last_words = silence.words
            raise
        return self._worker


class _Turn:
    """A lock that is waited for until the deadline only."""

    def __init__(self, lock: threading.Lock, deadline: float) -> None:
        self._lock = lock
        self._deadline = deadline

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=max(0.0, self._deadline - time.monotonic())):
            raise NoAnswer("pyslurm: busy with another call", started=False)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class _Worker:
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
        return self._process.poll() is None

    def send(self, raw: bytes) -> None:
        """Ask. As long as the line has no end the worker does nothing with it."""
        # Only what is said about this call counts, and the file must not grow for ever.
        self._complaints.seek(0)
        self._complaints.truncate()
        try:
            _pipe(self._process.stdin).write(raw)
        except OSError as cause:
            raise NoAnswer(f"pyslurm: {self._death(cause)}", started=False) from cause

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
                raise NoAnswer("pyslurm: no answer in time", started=True)
            part = os.read(answers, 1 << 20)
            parts.append(part)
            size += len(part)
            if not part:
                raise NoAnswer(f"pyslurm: {self._death()}", started=True)
            if part.endswith(b"\n"):
                break
            if size > wire.ANSWER_BYTES:
                raise NoAnswer(f"pyslurm: an answer of more than {size} bytes", started=True)
        try:
            return wire.message(b"".join(parts))
        except ValueError as cause:
            raise NoAnswer(f"pyslurm: no answer at all: {cause}", started=True) from cause

    def _death(self, cause: OSError | None = None) -> str:
        """What the worker said before it went: libslurm names the reason of a `fatal`."""
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - _LAST_WORDS_BYTES))
        said = self._complaints.read().decode(errors="replace").strip()
        return said or f"the worker ended ({cause or 'without a word'})"


def _result(told: Mapping[str, Any], number: int) -> Any:
    if told.get("id") != number:
        raise NoAnswer("pyslurm: an answer to another question", started=True)
    match told:
        case {"refused": {"kind": str(kind), "words": str(words)}}:
            raise Refused(words, sent=kind == "slurm")
        case {"result": result}:
            return result
    raise NoAnswer("pyslurm: an answer without a result", started=True)


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
