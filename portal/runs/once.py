"""A request that starts work starts it once, however often it is sent.

The client chooses a key. The first request with it leaves its answer beside the key, in the
transaction that did the work; every later one gets that answer. Two at the same moment meet at
the primary key of `answered`: the second waits there until the first has committed or given up.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from portal.language import N_
from portal.people.viewer import Viewer
from portal.store.tables import Answered, Base

Name = tuple[str, str]
Before = Row[tuple[str, str, str, dict[str, Any]]]

LONGEST_KEY = 200
AGAIN = "answered-before"
# "On conflict do nothing" is not in standard SQL: each dialect has an insert of its own. Made once,
# because to put a statement together costs as much as to send it.
_ANSWERED = Base.metadata.tables[Answered.__tablename__]
_CLAIM: Mapping[str, Any] = {
    name: insert(_ANSWERED).on_conflict_do_nothing().returning(_ANSWERED.c.user_id, _ANSWERED.c.key)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def fingerprint(kind: str, **values: object) -> str:
    """A hash of what was asked for, to tell a repetition from another request."""
    plain = json.dumps([kind, values], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


def once(
    session: Session,
    viewer: Viewer,
    key: str | None,
    fingerprint: str,
    make: Callable[[], dict[str, Any]],
) -> tuple[dict[str, Any], bool]:
    """What `make` made, now or at the first request with this key; True where it was now.

    Without a key it is made every time. Raises `Conflict` where the key was used for something
    else, `Invalid` (key) for one that is too long, and whatever `make` raises.
    """
    if key is None:
        return make(), True
    before = claim(session, viewer, key, fingerprint, {})
    if before is not None:
        return before, False
    made = make()
    mine = (Answered.user_id == viewer.user_id, Answered.key == key)
    session.execute(update(Answered).where(*mine).values(made=made))
    return made, True


def claim(
    session: Session, viewer: Viewer, key: str, fingerprint: str, made: dict[str, Any]
) -> dict[str, Any] | None:
    """Leave `made` beside the key; where there is an answer already, that answer and nothing new.

    The same errors as `once`.
    """
    mine = Claim(viewer.user_id, key, fingerprint, made)
    before = claim_all(session, [mine]).get(mine.name)
    if before is None:
        return None
    session.info[AGAIN] = True
    return answer_of(before, mine)


@dataclass(frozen=True)
class Claim:
    """What shall be answered from now on to whoever comes with this key."""

    user_id: str
    key: str
    fingerprint: str
    made: dict[str, Any]

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= LONGEST_KEY or not self.key.isprintable():
            raise Invalid.one("key", N_("A key has 1 to {most} characters.", most=LONGEST_KEY))

    @property
    def name(self) -> Name:
        """Whose key it is, and which."""
        return self.user_id, self.key


def claim_all(session: Session, claims: Sequence[Claim]) -> dict[Name, Before]:
    """Leave the answers of many beside their keys; those keys that had one already, with it.

    One statement, which waits where another transaction with one of these keys has not ended. All
    come in the order of their keys, so nobody waits in a circle. No two may have the same key.
    """
    now = time.time()
    rows = [asdict(one) | {"created_at": now} for one in sorted(claims, key=lambda one: one.name)]
    if not rows:
        return {}
    claimed = session.execute(_CLAIM[session.get_bind().dialect.name], rows)
    fresh = {(row.user_id, row.key) for row in claimed}
    old = [one.name for one in claims if one.name not in fresh]
    if not old:
        return {}
    named = tuple_(Answered.user_id, Answered.key).in_(old)
    wanted = select(Answered.user_id, Answered.key, Answered.fingerprint, Answered.made)
    return {(row.user_id, row.key): row for row in session.execute(wanted.where(named))}


def answer_of(before: Before, now: Claim) -> dict[str, Any]:
    """What the key was answered before; raises `Conflict` where it was for something else."""
    if before.fingerprint != now.fingerprint:
        raise Conflict(N_("This key was used for another request already."))
    made: dict[str, Any] = before.made
    return made


def give_back(session: Session, claims: Iterable[Claim]) -> None:
    """Leave the keys of this transaction's claims free again, as if nobody had come with them."""
    names = [one.name for one in claims]
    if names:
        named = tuple_(Answered.user_id, Answered.key).in_(names)
        session.execute(delete(Answered).where(named))


def was_answered_before(session: Session) -> bool:
    """Whether a key that came with this session's request had its answer already."""
    return bool(session.info.get(AGAIN))
