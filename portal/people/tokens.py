"""Secrets that scripts log in with. The database has their hashes; a person sees one once."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid, NotFound
from portal.language import N_, Message
from portal.people.accounts import active_viewers, viewer_of
from portal.people.names import fault_of_name
from portal.people.uses import TokenUses
from portal.people.viewer import Viewer
from portal.store import EVERYONE, Store
from portal.store.tables import Token, User

PREFIX = "ksn_"
MOST_DAYS = 365
MOST_TOKENS = 20
DAY_S = 86_400
# Noting every use would make every question of a script a write.
NOTE_USE_EVERY_S = 600
# Made once: to put a statement together costs as much as to ask it.
_SENDERS = (
    active_viewers()
    .join(Token, Token.user_id == User.id)
    .add_columns(Token.id.label("token_id"), Token.sha256, Token.used_at)
    .where(Token.sha256.in_(bindparam("hashes", expanding=True)), Token.ends_at > bindparam("now"))
)


def issue(session: Session, viewer: Viewer, name: str, days: int) -> tuple[Token, str]:
    """A new token of the viewer's, and its secret, which is shown this once.

    Raises `Invalid` (name, days), and `Conflict` at too many living tokens.
    """
    days_are_wrong = not 1 <= days <= MOST_DAYS
    faults: dict[str, Message | None] = {
        "name": fault_of_name(name),
        "days": N_("A token lives 1 to {most} days.", most=MOST_DAYS) if days_are_wrong else None,
    }
    errors = {field: [fault] for field, fault in faults.items() if fault is not None}
    if errors:
        raise Invalid(errors)
    now = time.time()
    mine = select(func.count()).where(Token.user_id == viewer.user_id, Token.ends_at > now)
    if (session.scalar(mine) or 0) >= MOST_TOKENS:
        sentence = N_("You have {most} tokens already: revoke one first.", most=MOST_TOKENS)
        raise Conflict(sentence)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        user_id=viewer.user_id,
        name=name.strip(),
        sha256=_hash(secret),
        created_at=now,
        ends_at=now + days * DAY_S,
    )
    session.add(token)
    session.flush()
    return token, secret


def resolve(store: Store, plaintext: str, uses: TokenUses | None = None) -> Viewer | None:
    """Who sent this secret; None for one that is unknown, revoked, over, or of a closed account.

    `uses` collects what is written down about the use; without it, it is written at once.
    """
    return resolve_all(store, [plaintext], uses)[0]


def resolve_all(
    store: Store, plaintexts: Sequence[str], uses: TokenUses | None = None
) -> list[Viewer | None]:
    """`resolve` for many at once."""
    now = time.time()
    hashes = [_hash(secret) if secret.startswith(PREFIX) else "" for secret in plaintexts]
    asked = {"hashes": list(set(hashes) - {""}), "now": now}
    if not asked["hashes"]:
        return [None] * len(plaintexts)
    with store.reading(EVERYONE) as session:
        # One question about token, person and seat: every answer of the API begins with it.
        senders = {row.sha256: row for row in session.execute(_SENDERS, asked)}
    used = [
        row.token_id
        for row in senders.values()
        if row.used_at is None or now - row.used_at > NOTE_USE_EVERY_S
    ]
    if used:
        (uses or TokenUses()).note(store, used, now)
    return [viewer_of(senders[sha256]) if sha256 in senders else None for sha256 in hashes]


def revoke(session: Session, viewer: Viewer, token_id: str) -> None:
    """End one of the viewer's own tokens at once; raises `NotFound`."""
    token = session.scalar(
        select(Token).where(Token.id == token_id, Token.user_id == viewer.user_id)
    )
    if token is None:
        raise NotFound(N_("There is no such token."))
    session.delete(token)
    session.flush()


def forget(session: Session, viewer: Viewer, plaintext: str) -> None:
    """End the very token that a script sent, as logging out does for a browser."""
    mine = select(Token).where(Token.user_id == viewer.user_id, Token.sha256 == _hash(plaintext))
    for token in session.scalars(mine):
        session.delete(token)
    session.flush()


def tokens_of(session: Session, viewer: Viewer) -> list[Token]:
    """The viewer's own tokens, newest first."""
    mine = select(Token).where(Token.user_id == viewer.user_id)
    return list(session.scalars(mine.order_by(Token.created_at.desc(), Token.id)))


def _hash(secret: str) -> str:
    # A token has 256 random bits: a plain hash is as good as a slow one, and quick to look up.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
