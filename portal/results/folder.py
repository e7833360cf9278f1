"""A run's folder, read while a job writes it. What is missing or makes no sense is not there.

Jobs are only half trusted: every name is fixed or comes from a checked manifest, every file is
opened by `portal.results.confinement`, every size has a limit, every value is checked.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from portal.errors import NotFound
from portal.language import N_
from portal.results import artifacts, findings, logs, points, progress, status
from portal.results.artifacts import Artifact, OpenArtifact
from portal.results.confinement import close, folder_below, open_file, read_file
from portal.results.documents import Malformed
from portal.results.findings import Confusion, Prediction
from portal.results.points import Point
from portal.results.progress import Progress
from portal.results.status import Claim, Status

__all__ = [
    "Artifact",
    "Claim",
    "Confusion",
    "OpenArtifact",
    "Point",
    "Prediction",
    "Progress",
    "RunFolder",
    "Status",
]

RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
RUNS = "runs"

log = logging.getLogger(__name__)
Found = TypeVar("Found")


class RunFolder:
    """`<data root>/runs/<aa>/<run id>`. Raises ValueError for what is no id of a run."""

    def __init__(self, data_root: Path, run_id: str) -> None:
        self._root = str(data_root)
        self.run_id = run_id
        self._parts = parts_of(run_id)

    def progress(self, attempt: int) -> Progress | None:
        """How far it is; None before the training says so."""
        return self._parsed(attempt, progress.FILE, progress.MOST_BYTES, progress.parse)

    def status(self, attempt: int) -> Status | None:
        """The job's own word on its end; None while there is none that can be believed."""
        return self._parsed(
            attempt,
            status.FILE,
            status.MOST_BYTES,
            lambda content: status.parse(content, self.run_id, attempt),
        )

    def claim(self, attempt: int) -> Claim | None:
        """Which job works on the attempt; None before one has claimed it."""
        return self._parsed(attempt, status.CLAIM_FILE, status.MOST_BYTES, status.parse_claim)

    def metrics(self, attempt: int, since: int = 0) -> tuple[list[Point], int]:
        """Points from byte `since` on, at most 500, and where to go on next time."""
        try:
            with self.opened(attempt, points.FILE) as handle:
                return points.read(handle, max(0, since))
        except (OSError, OverflowError):
            return [], max(0, since)

    def log(self, attempt: int, tail: int = 64 * 1024) -> str:
        """The last whole lines of the log, of at most `tail` bytes; "" where there is none."""
        try:
            with self.opened(attempt, logs.FILE) as handle:
                return logs.read(handle, tail)
        except OSError:
            return ""

    def artifacts(self, attempt: int) -> list[Artifact]:
        """The files that the job listed and left, its pictures of predictions among them."""
        found = self.status(attempt)
        if found is None:
            return []
        try:
            with self._attempt(attempt) as folder:
                return artifacts.listed(folder, found)
        except OSError:
            return []

    def open(self, attempt: int, name: str) -> OpenArtifact:
        """Open a file that the job listed. Raises `NotFound` for anything else."""
        found = self.status(attempt)
        if found is not None and any(item.name == name for item in found.artifacts):
            try:
                with self._attempt(attempt) as folder:
                    return artifacts.opened(folder, name)
            except OSError as fault:
                told = {"run": self.run_id, "artifact": name, "error": str(fault)}
                log.info("an artifact cannot be opened", extra=told)
        raise NotFound(N_("This training has left no such file."))

    def confusion(self, attempt: int) -> Confusion | None:
        """The confusion matrix; None where there is none."""
        return self._parsed(
            attempt,
            f"{artifacts.FOLDER}/{findings.CONFUSION_FILE}",
            findings.MOST_BYTES,
            findings.confusion,
        )

    def predictions(self, attempt: int, limit: int = 60) -> list[Prediction]:
        """The first predictions on held-out examples."""
        found = self._parsed(
            attempt,
            f"{artifacts.FOLDER}/{findings.PREDICTIONS_FILE}",
            findings.MOST_BYTES,
            lambda content: findings.predictions(content, limit),
        )
        return found or []

    @contextmanager
    def opened(self, attempt: int, name: str) -> Iterator[int]:
        """A handle of one of the attempt's own files. Raises `OSError`."""
        with self._attempt(attempt) as folder:
            handle = open_file(folder, name)
        try:
            yield handle
        finally:
            close(handle)

    @contextmanager
    def _attempt(self, attempt: int) -> Iterator[int]:
        with folder_below(self._root, (RUNS, *self._parts, attempt_folder(attempt))) as folder:
            yield folder

    def _parsed(
        self, attempt: int, name: str, most: int, parse: Callable[[bytes], Found]
    ) -> Found | None:
        *folders, file = name.split("/")
        try:
            with self._attempt(attempt) as outer, folder_below(outer, folders) as folder:
                return parse(read_file(folder, file, most))
        except FileNotFoundError:
            return None
        except (OSError, Malformed) as fault:
            told = {"run": self.run_id, "attempt": attempt, "file": name, "error": str(fault)}
            log.warning("a file of run %s cannot be believed", self.run_id, extra=told)
            return None


def parts_of(run_id: str) -> tuple[str, str]:
    """The folders of a run below `runs/`. Raises ValueError for what is no id of a run."""
    if not RUN_ID.fullmatch(run_id):
        raise ValueError(f"{run_id!r} is no id of a run")
    return run_id[:2], run_id


def attempt_folder(attempt: int) -> str:
    """The name of an attempt's folder."""
    return f"attempt-{int(attempt)}"
