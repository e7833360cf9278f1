"""The points of the curves: `metrics.jsonl`, which grows by whole lines while a job trains."""

from __future__ import annotations

import os
from collections.abc import Sequence

from portal.results.documents import Malformed, document, metrics

FILE = "metrics.jsonl"
MOST_BYTES = 8 << 20
MOST_POINTS = 500

Point = dict[str, float]


def read(handle: int, since: int) -> tuple[list[Point], int]:
    """Points from byte `since` on, at most 500, and the byte to go on from.

    A last line without its end is still being written and waits for the next call. Lines that
    make no sense are passed over.
    """
    return read_on(handle, os.fstat(handle).st_size, since)


def read_on(handle: int, size: int, since: int) -> tuple[list[Point], int]:
    """The same of a file that is known to have `size` bytes."""
    more = size - since
    if more <= 0:
        return [], since
    chunk = os.pread(handle, min(more, MOST_BYTES), since)
    end = chunk.rfind(b"\n") + 1
    if not end:
        # Either nothing whole yet, or a line that is longer than any that we wait for.
        return [], since + (len(chunk) if len(chunk) == MOST_BYTES else 0)
    points = []
    for line in chunk[:end].splitlines():
        try:
            point = metrics(document(line))
        except Malformed:
            continue
        if point:
            points.append(point)
    return thin(points, MOST_POINTS), since + end


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` points, each the last word of every series in its stretch.

    Series are not written equally often (a loss every step, an accuracy every epoch), so a point
    that is merely picked would drop most of the rare ones.
    """
    if len(points) <= most:
        return list(points)
    thinned: list[Point] = [{} for _ in range(most)]
    for place, point in enumerate(points):
        thinned[place * most // len(points)].update(point)
    return thinned
