"""When frames are made: in the same moments in every worker, spread over the second by lesson."""

from __future__ import annotations

import time
import zlib

# A sleep may end a little early by the clock on the wall, which is the one that workers share.
MARGIN_S = 0.02
# Of a round: a process that cannot keep up leaves frames out and a pause to the others.
LEAST_PAUSE = 0.25


def since_round(key: str, every: float) -> float:
    """Seconds since the present round of a lesson began; one begins `every` so many."""
    phase = zlib.crc32(key.encode()) / 2**32
    return every * ((time.time() / every - phase) % 1.0)


def until_round(key: str, every: float) -> float:
    """Seconds until the next round that there is time for, whatever the last one took."""
    rest = every - since_round(key, every)
    return MARGIN_S + (rest if rest > every * LEAST_PAUSE else rest + every)
