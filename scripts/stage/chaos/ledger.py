"""What the trainings themselves wrote down: which began, and which came to their end."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Attempt = tuple[str, int]


@dataclass(frozen=True)
class Entry:
    """One line: a program began, or ended with a code."""

    run: str
    attempt: int
    event: str
    code: int | None
    job: str
    node: str | None
    at: float


@dataclass
class Witnessed:
    """Everything that happened under one attempt of one run."""

    begun: list[Entry] = field(default_factory=list)
    ended: list[Entry] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """A program of it came to its end with 0."""
        return any(entry.code == 0 for entry in self.ended)


def read(file: Path) -> Mapping[Attempt, Witnessed]:
    """The ledger, by attempt. A line that was cut off is an error: none ever is."""
    return gather(Entry(**json.loads(line)) for line in file.read_text().splitlines())


def gather(entries: Iterable[Entry]) -> Mapping[Attempt, Witnessed]:
    """The entries, by attempt."""
    found: dict[Attempt, Witnessed] = defaultdict(Witnessed)
    for entry in entries:
        there = found[entry.run, entry.attempt]
        (there.begun if entry.event == "begin" else there.ended).append(entry)
    return dict(found)
