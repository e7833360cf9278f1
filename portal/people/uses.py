"""When tokens were last used, written down for many of them at once.

A class that presses a button in the same second would otherwise be forty transactions more.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from portal.store import EVERYONE, Store
from portal.store.tables import Token

WRITE_EVERY_S = 1.0


class TokenUses:
    """The uses that one process has seen and not written down yet.

    The first use is written at once. Those of the second after it wait for the next use, and are
    lost if none comes before the process ends: the time is for people to look at, no rule reads it.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._next_write = 0.0

    def note(self, store: Store, token_ids: Iterable[str], now: float) -> None:
        """Tokens were used; `now` is UTC seconds."""
        self._seen.update(token_ids)
        if now < self._next_write:
            return
        seen, self._seen = self._seen, set()
        self._next_write = now + WRITE_EVERY_S
        with store.begin(EVERYONE) as session:
            session.execute(update(Token).where(Token.id.in_(sorted(seen))).values(used_at=now))
