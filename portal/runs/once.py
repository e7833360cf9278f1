"""A request that starts work starts it once, however often it is sent.

The client chooses a key. The first request with it leaves its answer beside the key, in the
transaction that did the work; every later one gets that answer. Two at the same moment meet at
the primary key of `answered`: the second waits there until the first has committed or given up.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from portal.language import N_
from portal.people.viewer import Viewer
from portal.store.tables import Answered, Base

LONGEST_KEY = 200
AGAIN = "answered-before"
# "On conflict do nothing" is not in standard SQL: each dialect has an insert of its own. Made once,
# because to put a statement together costs as much as to send it.
_ANSWERED = Base.metadata.tables[Answered.__tablename__]
_CLAIM: Mapping[str, Any] = {
    name: insert(_ANSWERED).on_conflict_do_nothing().returning(_ANSWERED.c.key)
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

    The same errors as `once`. One statement, which waits where another transaction with this key
    has not ended.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid.one("key", N_("A key has 1 to {most} characters.", most=LONGEST_KEY))
    row = {
        "user_id": viewer.user_id,
        "key": key,
        "fingerprint": fingerprint,
        "made": made,
        "created_at": time.time(),
    }
    fresh = session.execute(_CLAIM[session.get_bind().dialect.name], row)
    if fresh.scalar() is not None:
        return None
    session.info[AGAIN] = True
    return _answered(session, viewer, key, fingerprint)


def was_answered_before(session: Session) -> bool:
    """Whether a key that came with this session's request had its answer already."""
    return bool(session.info.get(AGAIN))


def _answered(session: Session, viewer: Viewer, key: str, fingerprint: str) -> dict[str, Any]:
    first = session.execute(
        select(Answered.fingerprint, Answered.made).where(
            Answered.user_id == viewer.user_id, Answered.key == key
        )
    ).one()
    if first.fingerprint != fingerprint:
        raise Conflict(N_("This key was used for another request already."))
    made: dict[str, Any] = first.made
    return made
