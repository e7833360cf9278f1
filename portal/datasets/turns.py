"""Uploads are checked a few at a time: each check is a process that computes and takes memory.

Whoever checks holds a lock on one of as many files as there are turns, in the data root, so that
all workers of web count together. A lock ends with its process, however that ends.
https://man7.org/linux/man-pages/man2/flock.2.html
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.errors import Unavailable
from portal.language import N_

PATIENCE_S = 20.0
ASK_EVERY_S = 0.1


@contextmanager
def turn(folder: Path, at_once: int, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """One of `at_once` turns, waited for `patience_s` seconds; then `Unavailable`."""
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience_s
    while (taken := _free(folder, at_once)) is None:
        if time.monotonic() > deadline:
            raise Unavailable(
                N_(
                    "{n} uploads are being checked just now. Please wait a minute, then send yours "
                    "again.",
                    n=at_once,
                ),
                field="file",
            )
        time.sleep(ASK_EVERY_S)
    try:
        yield
    finally:
        os.close(taken)


def _free(folder: Path, at_once: int) -> int | None:
    """A file that nobody had locked and we have now, or None."""
    for number in range(at_once):
        # Root, who imports data sets by a command, has turns of its own: its files are not ours.
        name = folder / f"{os.getuid()}-{number}"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            return descriptor
    return None
