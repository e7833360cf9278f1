"""The small curve on a tile. A class page asks every second: only what is new is read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from pathlib import Path

from portal.results import points
from portal.results.classroom import Attempt
from portal.results.confinement import close, open_and_look
from portal.results.folder import RunFolder
from portal.results.points import Point

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
        known = self._known(key)
        if not known.over:
            more, offset = RunFolder(root, run_id).metrics(attempt, known.offset)
            known = self._keep(key, _grown(known, more, offset, series, over))
        return known.spark

    def growing(self, attempt: Attempt, series: str) -> tuple[float, ...]:
        """The same of an attempt that is not over and whose folder is open."""
        key = (*attempt.key, series)
        known = self._known(key)
        try:
            handle, there = open_and_look(attempt.folder, points.FILE)
        except OSError:
            return known.spark
        try:
            more, offset = points.read_on(handle, there.st_size, known.offset)
        except OSError:
            return known.spark
        finally:
            close(handle)
        if offset == known.offset:
            return known.spark
        # Two threads that read the same bytes at once come to the same end.
        return self._keep(key, _grown(known, more, offset, series, over=False)).spark

    def _known(self, key: Key) -> Growing:
        with self._lock:
            return self._seen.get(key, Growing())

    def _keep(self, key: Key, curve: Growing) -> Growing:
        with self._lock:
            self._seen[key] = curve
            self._seen.move_to_end(key)
            if len(self._seen) > MOST_CURVES:
                self._seen.popitem(last=False)
        return curve


def _grown(known: Growing, more: Sequence[Point], offset: int, series: str, over: bool) -> Growing:
    values = known.values + tuple(point[series] for point in more if series in point)
    while len(values) > MOST_KEPT:
        values = values[::2]
    return Growing(offset, values, over)


def _thinned(values: tuple[float, ...]) -> tuple[float, ...]:
    return values if len(values) <= MOST_POINTS else _picker(len(values))(values)


@lru_cache(maxsize=MOST_KEPT)
def _picker(length: int) -> Callable[[Sequence[float]], tuple[float, ...]]:
    """Takes the values that are kept of so many: forty curves a second are about as long."""
    last = length - 1
    return itemgetter(*(round(i * last / (MOST_POINTS - 1)) for i in range(MOST_POINTS)))
