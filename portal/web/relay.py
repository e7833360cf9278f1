"""Frames that one worker has made, for the other workers of the same gunicorn.

The pages of a class are spread over all workers, and each would read the same forty folders in the
same second. So whoever comes first makes the frame and leaves it in a folder that
`portal.gunicorn_conf` makes for them; the others take it from there. Should that fail in any way, a
worker makes its own: what is shared is the work and not the truth.
"""

from __future__ import annotations

import fcntl
import logging
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.web.frame import Frame
from portal.web.rounds import since_round

SHARED_FOLDER = "KESUAN_FRAMES_DIR"
LOOK_S = 0.01
KEPT_S = 3600.0

# Inode and time of a file that is only ever replaced whole.
Mark = tuple[int, int]

# Makes the frame of a lesson, with what is news to whoever has seen the frame before it.
Make = Callable[[str, Frame | None], Frame]

log = logging.getLogger(__name__)


class Relay:
    """Makes frames like the function that it is given, unless another worker has just made one."""

    def __init__(self, folder: Path, make: Make, every: float) -> None:
        self._folder = folder
        self._make = make
        self._every = every
        # What was read or left last of each lesson, and the file that it was in.
        self._known: dict[str, tuple[Mark, Frame]] = {}
        self._swept_at = time.monotonic()

    def __call__(self, key: str, before: Frame | None) -> Frame:
        """The frame of this round: taken over, or made and left for the others."""
        deadline = time.monotonic() + self._every
        while time.monotonic() < deadline:
            last, age_s = self._left(key)
            if last is not None and age_s <= since_round(key, self._every):
                return last
            with self._alone(key) as alone:
                # Another one may have been left between the look and the lock.
                if alone and self._left(key)[0] is last:
                    # What was left last is what the pages of all workers have seen.
                    return self._leave(key, self._make(key, last or before))
            time.sleep(0 if alone else LOOK_S)
        return self._make(key, before)

    def _left(self, key: str) -> tuple[Frame | None, float]:
        """What was left last, and how old it is in seconds."""
        try:
            with self._place(key).open("rb") as file:
                mark, age_s = _mark(file.fileno())
                known = self._known.get(key)
                if known is not None and known[0] == mark:
                    return known[1], age_s
                # Nobody but the service user's own workers can write there.
                frame: Frame = pickle.load(file)  # noqa: S301
        except FileNotFoundError:
            return None, 0.0
        except Exception:
            log.exception("a frame of another worker cannot be read", extra={"lesson": key})
            return None, 0.0
        self._known[key] = mark, frame
        return frame, age_s

    def _leave(self, key: str, frame: Frame) -> Frame:
        draft = self._folder / f".{os.getpid()}-{key}"
        try:
            with draft.open("wb") as file:
                pickle.dump(frame, file, pickle.HIGHEST_PROTOCOL)
                file.flush()
                self._known[key] = _mark(file.fileno())[0], frame
            draft.replace(self._place(key))
            self.sweep()
        except OSError:
            log.exception("a frame cannot be left for the others", extra={"lesson": key})
        return frame

    @contextmanager
    def _alone(self, key: str) -> Iterator[bool]:
        """Whether this worker makes the frame now. Never waits: a wait would stop every page."""
        # Whoever tidies the machine's /tmp up may have taken the folder away.
        self._folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(self._folder / f"{key}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(lock)

    def _place(self, key: str) -> Path:
        return self._folder / f"{key}.frame"

    def sweep(self) -> None:
        """Once an hour, forget the lessons that nobody has looked at for an hour."""
        if time.monotonic() - self._swept_at < KEPT_S:
            return
        self._swept_at = time.monotonic()
        for path in self._folder.glob("*.frame"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > KEPT_S:
                    path.unlink()
                    path.with_suffix(".lock").unlink()
        # Another worker may have been the first to take one away.
        self._known = {key: it for key, it in self._known.items() if self._place(key).exists()}


def _mark(file: int) -> tuple[Mark, float]:
    """Which file it is, and how long ago it was written, in seconds."""
    there = os.fstat(file)
    return (there.st_ino, there.st_mtime_ns), time.time() - there.st_mtime
