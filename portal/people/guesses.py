"""How many wrong guesses are looked at, counted in the database for all processes together.

Each thing that can be guessed at, and each place that guesses come from, has an allowance: so many
at once, and one more every few seconds. A guess is taken from its allowances before it is looked
at, so that a thousand at the same moment are no more than one after the other, and it is given back
if it was right. docs/classes.md has the arithmetic.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.store import EVERYONE, Store, answering
from portal.store.tables import Allowance, Base

# The longest time in which an allowance that was used up is whole again is some 35 minutes.
KEPT_S = 3600.0


class Size(NamedTuple):
    """`burst` guesses at once, and then one every `refill_s` seconds."""

    burst: int
    refill_s: float


class Kind(StrEnum):
    """What an allowance belongs to."""

    ACCOUNT = "account"  # one login or seat, whoever guesses
    FRIEND = "friend"  # somebody who was let in on this very device before
    CLASS = "class"  # all seats of a class together
    SESSION = "session"  # one browser
    ADDRESS = "address"  # a whole school comes from one


class Pool(NamedTuple):
    """One allowance: of which kind, and whose."""

    kind: Kind
    whose: str

    @property
    def name(self) -> str:
        """What it is called in the database; people type passwords into the wrong field."""
        typed = self.whose.encode("utf-8", "backslashreplace")
        return f"{self.kind}:{hashlib.sha256(typed).hexdigest()[:32]}"


SIZES: Mapping[Kind, Size] = {
    Kind.ACCOUNT: Size(10, 60.0),
    Kind.FRIEND: Size(5, 360.0),
    Kind.CLASS: Size(100, 20.0),
    Kind.SESSION: Size(10, 30.0),
    Kind.ADDRESS: Size(600, 2.0),
}

_TABLE = Base.metadata.tables[Allowance.__tablename__]
# Makes a row or takes hold of the one that is there, so that no sweep removes it meanwhile. Each
# dialect has its own "on conflict".
_HOLD: Mapping[str, Any] = {
    name: insert(_TABLE).on_conflict_do_update(
        index_elements=[_TABLE.c.name], set_={"used": _TABLE.c.used}
    )
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


class Guesses:
    """The allowances of a portal."""

    def __init__(
        self,
        store: Store,
        sizes: Mapping[Kind, Size] = SIZES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._sizes = sizes
        self._clock = clock

    def take(self, pools: Collection[Pool]) -> int:
        """Take one guess from every pool; 0, or the seconds to wait, and then none is taken.

        Raises `portal.store.NoDatabase` where the database does not answer.
        """
        if not pools:
            return 0
        ordered = sorted(set(pools), key=lambda pool: pool.name)
        names = [pool.name for pool in ordered]
        now = self._clock()
        with answering(), self._store.reading(EVERYONE) as session:
            # Whoever has to wait costs no transaction that writes.
            found = session.scalars(select(Allowance).where(Allowance.name.in_(names)))
            wait = self._wait({row.name: row for row in found}, ordered, now)
        if wait:
            return wait
        with answering(), self._store.begin(EVERYONE) as session:
            fresh = [{"name": name, "used": 0.0, "at": now} for name in names]
            session.execute(_HOLD[session.get_bind().dialect.name], fresh)
            rows = _locked(session, names)
            wait = self._wait(rows, ordered, now)
            if not wait:
                for pool in ordered:
                    self._move(rows[pool.name], pool, 1.0, now)
        return wait

    def give_back(self, pools: Collection[Pool]) -> None:
        """The guess that was taken from these pools was right, or nobody could look at it."""
        if not pools:
            return
        by_name = {pool.name: pool for pool in pools}
        now = self._clock()
        with answering(), self._store.begin(EVERYONE) as session:
            for name, row in _locked(session, sorted(by_name)).items():
                self._move(row, by_name[name], -1.0, now)

    def _wait(self, rows: Mapping[str, Allowance], pools: Collection[Pool], now: float) -> int:
        waits = [0.0]
        for pool in pools:
            if pool.name in rows:
                size = self._sizes[pool.kind]
                over = self._used(rows[pool.name], pool, now) + 1 - size.burst
                # A rounding error is not a guess too many.
                waits.append(over * size.refill_s if over > 1e-6 else 0.0)
        return math.ceil(max(waits))

    def _used(self, row: Allowance, pool: Pool, now: float) -> float:
        return max(0.0, row.used - max(0.0, now - row.at) / self._sizes[pool.kind].refill_s)

    def _move(self, row: Allowance, pool: Pool, by: float, now: float) -> None:
        row.used, row.at = max(0.0, self._used(row, pool, now) + by), max(row.at, now)


def forget_old(session: Session, now: float) -> None:
    """Remove the allowances that are whole again; nobody's address is kept for longer."""
    session.execute(delete(Allowance).where(Allowance.at < now - KEPT_S))


def _locked(session: Session, names: Collection[str]) -> dict[str, Allowance]:
    """The rows of these names, locked in their order, so that nobody waits in a circle."""
    rows = select(Allowance).where(Allowance.name.in_(names)).order_by(Allowance.name)
    return {row.name: row for row in session.scalars(rows.with_for_update())}
