"""Files that go: counted before, removed, and looked for again afterwards."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from portal.datasets.contents import Contents
from portal.results.folder import RUNS, parts_of

BATCHES = "batches"
TASKS = "tasks.json"


@dataclass(frozen=True)
class Size:
    """How many files, and their bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.files + other.files, self.bytes + other.bytes)


@dataclass(frozen=True)
class Traces:
    """The data root, as far as something was left there that is to go."""

    root: Path

    def run(self, run_id: str) -> Path:
        """The folder of a run: settings, attempts, logs, curves, models, pictures."""
        return self.root.joinpath(RUNS, *parts_of(run_id))

    def content(self, sha256: str) -> Path:
        """The folder of a content: data, preview, contact sheet."""
        return Contents(self.root).folder(sha256)

    def outputs(self, batch_id: str, runs: Collection[str]) -> list[Path]:
        """What Slurm wrote beside these runs: their outputs, or the batch's folder if it is theirs.

        Every attempt of a run was in a batch of its own, and the run's row names the last alone.
        """
        folder = self.root / BATCHES / batch_id
        if _trash(folder).exists():  # its removal was cut off
            return [folder]
        try:
            tasks = json.loads((folder / TASKS).read_bytes())["tasks"]
            theirs = [task for task, of in tasks.items() if of["run"] in runs]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        if len(theirs) == len(tasks):
            return [folder]
        return [place for task in theirs if (place := folder / f"slurm-{int(task)}.out").exists()]

    def remove(self, place: Path) -> None:
        """Take a file or a folder away. Twice is harmless; raises `OSError` where it stays."""
        trash = _trash(place)
        if trash.exists():
            shutil.rmtree(trash)
        if place.is_dir() and not place.is_symlink():
            # Out of sight in one step: nobody finds half of it.
            place.rename(trash)
            shutil.rmtree(trash)
        else:
            place.unlink(missing_ok=True)

    def is_there(self, place: Path) -> bool:
        """Whether anything of it is left."""
        return place.exists() or _trash(place).exists()


def _trash(place: Path) -> Path:
    return place.with_name(f".gone-{place.name}")


def size_of(place: Path) -> Size:
    """How much there is; what vanishes meanwhile, and where a link leads to, is not counted."""
    return sum((Size(1, each) for each in _sizes(place)), Size())


def _sizes(place: Path) -> Iterator[int]:
    try:
        if not place.is_dir() or place.is_symlink():
            yield place.lstat().st_size
            return
        with os.scandir(place) as inside:
            entries = list(inside)
    except OSError:
        return
    for entry in entries:
        yield from _sizes(Path(entry.path))
