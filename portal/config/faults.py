"""What is wrong with a settings file, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a settings file."""

    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; allowed: {self.allowed}"


class BadSettings(Exception):
    """The settings file cannot be used; `faults` is all that is wrong with it."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        super().__init__(f"{path}: " + "; ".join(map(str, faults)))
        self.path = path
        self.faults = faults
