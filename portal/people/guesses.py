"""How often an account's password may be guessed wrong.

The count is per account, never per address: a whole school comes from one. It is kept by each
web process for itself, so a portal with two of them grants twice as many guesses.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_ACCOUNTS = 10_000


class Guesses:
    """Wrong guesses of the last minutes, by login."""

    def __init__(
        self,
        most: int = 10,
        window_s: float = 300,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def pause_s(self, login: str) -> int:
        """Seconds until the next guess at this login is looked at; 0 where it may be now."""
        wrong = self._recent(login)
        if len(wrong) < self._most:
            return 0
        return max(1, math.ceil(wrong[-self._most] + self._window_s - self._clock()))

    def wrong(self, login: str) -> None:
        """Note a wrong guess."""
        self._wrong[login] = [*self._recent(login), self._clock()]
        self._wrong.move_to_end(login)
        while len(self._wrong) > MOST_ACCOUNTS:
            self._wrong.popitem(last=False)

    def right(self, login: str) -> None:
        """Forget the wrong guesses: the owner is here."""
        self._wrong.pop(login, None)

    def _recent(self, login: str) -> list[float]:
        since = self._clock() - self._window_s
        return [at for at in self._wrong.get(login, ()) if at > since]
