"""A request that starts work starts it once, however often it is sent.

The client chooses a key. The first request with it leaves its answer beside the key, in the
transaction that did the work; every later one gets that answer. Two at the same moment meet at
the primary key of `answered`: the second waits there until the first has committed or given up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from portal.language import N_
from portal.people.viewer import Viewer
from portal.store.tables import Answered

LONGEST_KEY = 200


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
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid.one("key", N_("A key has 1 to {most} characters.", most=LONGEST_KEY))
    row = Answered(user_id=viewer.user_id, key=key, fingerprint=fingerprint, made={})
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return _answered(session, viewer, key, fingerprint), False
    row.made = make()
    session.flush()
    return row.made, True


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
