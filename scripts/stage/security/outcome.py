"""What came of a row's tries."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SHOWN = 20
EVERY_S = 10.0


@dataclass
class Outcome:
    """How many tries there were, and what went wrong in which of them.

    `seen` is what shows that the tries could fail: how often a race was lost and won, how many
    guesses were let through, how many answers of which kind there were.
    """

    tries: int = 0
    failures: int = 0
    words: list[str] = field(default_factory=list)
    seen: dict[str, float | str] = field(default_factory=dict)

    def fails(self, words: str) -> None:
        """One try went wrong; the first of them are kept with what is said."""
        self.failures += 1
        if len(self.words) < SHOWN:
            self.words.append(words[:500])

    def count(self, name: str, number: float = 1) -> None:
        """Add to a figure of `seen`."""
        before = self.seen.get(name, 0)
        self.seen[name] = (before if isinstance(before, int | float) else 0) + number


def progress(row: str, wanted: int) -> Callable[[int], None]:
    """Tells on stderr, now and then, how many of a row's tries there were by now."""
    next_at = time.monotonic() + EVERY_S

    def tell(done: int) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            print(f"  {row}: {done:,} of {wanted:,}", file=sys.stderr, flush=True)
            next_at = time.monotonic() + EVERY_S

    return tell
