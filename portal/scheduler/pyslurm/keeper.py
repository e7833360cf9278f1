"""Keeps one worker: starts it, asks it within a time limit, ends it when it stalls."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.scheduler.commands.runner import NoAnswer, Runner
from portal.scheduler.pyslurm import wire
from portal.scheduler.pyslurm.process import Process

_WORKER = "portal.scheduler.pyslurm.worker"

# A worker that does not come up takes a second of CPU each time: not at every question.
_PAUSE_S = 2.0


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
        self._worker: Process | None = None
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
        with self._my_turn():
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
        with self._my_turn():
            return self._ready(deadline).greeting

    def close(self) -> None:
        """End the worker; the next call starts another."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _my_turn(self) -> _Turn:
        # The other half is for the call itself: a worker that does well must not be ended because
        # somebody waited long for it.
        return _Turn(self._turn, self._timeout_s / 2)

    def _ready(self, deadline: float) -> Process:
        if self._worker is not None and self._worker.alive:
            return self._worker
        self.close()
        if time.monotonic() < self._pause_until:
            raise NoAnswer(self._last_words, started=False)
        try:
            self._worker = Process(self._command, self._environment, deadline)
        except NoAnswer as silence:
            self._pause_until = time.monotonic() + _PAUSE_S
            self._last_words = silence.words
            raise
        return self._worker


class _Turn:
    """A lock that is waited for so many seconds only."""

    def __init__(self, lock: threading.Lock, patience_s: float) -> None:
        self._lock = lock
        self._patience_s = patience_s

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._patience_s):
            raise NoAnswer("pyslurm: busy with another call", started=False)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _result(told: Mapping[str, Any], number: int) -> Any:
    if told.get("id") != number:
        raise NoAnswer("pyslurm: an answer to another question", started=True)
    match told:
        case {"refused": {"kind": str(kind), "words": str(words)}}:
            raise Refused(words, sent=kind == "slurm")
        case {"result": result}:
            return result
    raise NoAnswer("pyslurm: an answer without a result", started=True)
