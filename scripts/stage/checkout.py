"""Where this checkout lies, and the folder below which everything that runs is kept."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
SERVICE_USER = "kesuan"


class StageError(Exception):
    """Something that a person can act on; its text is printed as one line."""


@contextmanager
def alone() -> Iterator[None]:
    """One process of this checkout at a time: two that start at once must not choose one port."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "stage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_whole(file: Path, text: str) -> None:
    """Write what another process may read at any moment: it finds all of it, or what was before."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(file)
