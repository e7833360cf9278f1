"""The small curve on a tile. A class page asks every second: only what is new is read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal.results.folder import RunFolder

MOST_POINTS = 30
MOST_KEPT = 1000
MOST_CURVES = 4096

Key = tuple[Path, str, int, str]


@dataclass(frozen=True)
class Growing:
    """What has been read of a curve: up to which byte, and whether it was over by then."""

    offset: int = 0
    values: tuple[float, ...] = ()
    over: bool = False

    @cached_property
    def spark(self) -> tuple[float, ...]:
        """At most 30 of the values, the first and the last among them."""
        return _thinned(self.values)


class Curves:
    """The curves that this process has read lately."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Key, Growing] = OrderedDict()
        self._lock = threading.Lock()

    def spark(
        self, root: Path, run_id: str, attempt: int, series: str, *, over: bool
    ) -> tuple[float, ...]:
        """At most 30 values of a series, the first and the last among them.

        `over` says that the run has ended: what is read now is read for the last time.
        """
        key = (root, run_id, attempt, series)
        with self._lock:
            known = self._seen.get(key, Growing())
        if not known.over:
            # Two threads that read the same bytes at once come to the same end.
            known = _grown(known, RunFolder(root, run_id), attempt, series, over)
            self._keep(key, known)
        return known.spark

    def _keep(self, key: Key, curve: Growing) -> None:
        with self._lock:
            self._seen[key] = curve
            self._seen.move_to_end(key)
            if len(self._seen) > MOST_CURVES:
                self._seen.popitem(last=False)


def _grown(known: Growing, folder: RunFolder, attempt: int, series: str, over: bool) -> Growing:
    points, offset = folder.metrics(attempt, known.offset)
    if (offset, over) == (known.offset, known.over):
        return known
    values = known.values + tuple(point[series] for point in points if series in point)
    while len(values) > MOST_KEPT:
        values = values[::2]
    return Growing(offset, values, over)


def _thinned(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(values) <= MOST_POINTS:
        return values
    last = len(values) - 1
    return tuple(values[round(i * last / (MOST_POINTS - 1))] for i in range(MOST_POINTS))
