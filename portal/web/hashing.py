"""Where passwords are hashed: away from the loop that answers everybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched

Result = TypeVar("Result")


def away(work: Callable[[], Result]) -> Result:
    """Do some computing in gevent's threads where gevent serves, and here otherwise.

    Forty pupils log in within a minute. A hash takes tens of milliseconds of a core, in which a
    worker of greenlets would move no seat map.
    """
    if not is_module_patched("threading"):
        return work()
    found: Result = get_hub().threadpool.apply(work)
    return found
