"""Secrets that scripts log in with. The database has their hashes; a person sees one once.

A person's own token does what that person may do, as far as its scopes go. A school's own token
belongs to a user that is nobody but that script, so it goes on when whoever asked for it leaves.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from portal.config import Tokens
from portal.errors import Conflict, Invalid, NotFound
from portal.language import N_, Message
from portal.people import scopes
from portal.people.access import Action, may, require_school
from portal.people.accounts import active_viewers, viewer_of
from portal.people.names import fault_of_name
from portal.people.scopes import EVERYTHING, USUAL, Scope
from portal.people.uses import TokenUses
from portal.people.viewer import Role, Viewer
from portal.store import EVERYONE, Store
from portal.store.lengths import padded
from portal.store.tables import Token, User
from portal.store.tables.base import new_id

PREFIX = "ksn_"
MOST_TOKENS = 20
DAY_S = 86_400
TERMS = Tokens()
# Noting every use would make every question of a script a write.
NOTE_USE_EVERY_S = 600
# Lists show for a while that a token is over, so that whoever wonders about a script finds it.
SHOWN_OVER_S = 30 * DAY_S
# Made once: to put a statement together costs as much as to ask it.
_SENDERS = (
    active_viewers()
    .join(Token, Token.user_id == User.id)
    .add_columns(Token.id.label("token_id"), Token.sha256, Token.used_at, Token.scopes)
    .where(Token.sha256.in_(bindparam("hashes", expanding=True)), Token.ends_at > bindparam("now"))
)


@dataclass(frozen=True)
class Wish:
    """The token that somebody asks for; without `days`, for as long as the site usually gives."""

    name: str
    days: int | None = None
    scopes: Collection[Scope] = USUAL


@dataclass(frozen=True)
class Sender:
    """Whose token came with a request, and what that token may be used for."""

    viewer: Viewer
    scopes: frozenset[Scope] = EVERYTHING


def issue(session: Session, viewer: Viewer, wish: Wish, terms: Tokens = TERMS) -> tuple[Token, str]:
    """A new token of the viewer's, and its secret, which is shown this once.

    Raises `Invalid` (name, days, scopes), and `Conflict` at too many living tokens.
    """
    _check(wish, terms)
    _limit(session, _own(viewer))
    return _issue(session, viewer.user_id, wish, terms)


def issue_for_school(
    session: Session, school_id: str, wish: Wish, terms: Tokens = TERMS
) -> tuple[Token, str]:
    """A new token of a school's own; the same errors. Who may ask for one is the caller's matter.

    Nobody can log in as its user: no login that is typed has a "~", and it has no password.
    """
    _check(wish, terms)
    _limit(session, _of_school(school_id))
    script = new_id()
    session.add(
        User(
            id=script,
            school_id=school_id,
            login=f"script~{script[:13]}",
            name=wish.name.strip(),
            role=Role.SCRIPT.value,
            way=Role.SCRIPT.value,
            subject=script,
        )
    )
    session.flush()
    return _issue(session, script, wish, terms)


def resolve(store: Store, plaintext: str, uses: TokenUses | None = None) -> Sender | None:
    """Who sent this secret; None for one that is unknown, revoked, over, or of a closed account.

    `uses` collects what is written down about the use; without it, it is written at once.
    """
    return resolve_all(store, [plaintext], uses)[0]


def resolve_all(
    store: Store, plaintexts: Sequence[str], uses: TokenUses | None = None
) -> list[Sender | None]:
    """`resolve` for many at once."""
    now = time.time()
    hashes = [_hash(secret) if secret.startswith(PREFIX) else "" for secret in plaintexts]
    asked = {"hashes": padded(set(hashes) - {""}), "now": now}
    if not asked["hashes"]:
        return [None] * len(plaintexts)
    with store.reading(EVERYONE) as session:
        # One question about token, person and seat: every answer of the API begins with it.
        rows = {row.sha256: row for row in session.execute(_SENDERS, asked)}
    used = [
        row.token_id
        for row in rows.values()
        if row.used_at is None or now - row.used_at > NOTE_USE_EVERY_S
    ]
    if used:
        (uses or TokenUses()).note(store, used, now)
    senders = {
        sha256: Sender(viewer_of(row), scopes.found(row.scopes)) for sha256, row in rows.items()
    }
    return [senders.get(sha256) for sha256 in hashes]


def revoke(session: Session, viewer: Viewer, token_id: str) -> None:
    """End a token of the viewer's, or of the school that they administer; raises `NotFound`."""
    known = [*tokens_of(session, viewer), *tokens_of_school(session, viewer)]
    token = next((token for token in known if token.id == token_id), None)
    if token is None:
        raise NotFound(N_("There is no such token."))
    end(session, token)


def end(session: Session, token: Token) -> None:
    """End a token at once. What a school's script has made stays the school's."""
    if token.user.role == Role.SCRIPT:
        token.user.active = False
    session.delete(token)
    session.flush()


def forget_old(session: Session, now: float) -> None:
    """Take away what has been over for so long that nobody looks for it."""
    for token in session.scalars(select(Token).where(Token.ends_at < now - SHOWN_OVER_S)):
        end(session, token)


def forget(session: Session, viewer: Viewer, plaintext: str) -> None:
    """End the very token that a script sent, as logging out does for a browser."""
    for token in session.scalars(_own(viewer).where(Token.sha256 == _hash(plaintext))):
        end(session, token)


def tokens_of(session: Session, viewer: Viewer) -> list[Token]:
    """The viewer's own tokens, newest first."""
    return _newest_first(session, _own(viewer))


def tokens_of_school(session: Session, viewer: Viewer) -> list[Token]:
    """The tokens of the school that the viewer administers, newest first; none for others."""
    if not may(viewer, Action.KEEP_SCHOOL_TOKENS):
        return []
    school_id = require_school(viewer, Action.KEEP_SCHOOL_TOKENS)
    return _newest_first(session, _of_school(school_id))


def every_token(session: Session) -> list[Token]:
    """Everybody's tokens, newest first: for who keeps the portal's machine."""
    return _newest_first(session, select(Token))


def _check(wish: Wish, terms: Tokens) -> None:
    days_are_wrong = wish.days is not None and not 1 <= wish.days <= terms.most_days
    faults: dict[str, Message | None] = {
        "name": fault_of_name(wish.name),
        "days": N_("A token lives 1 to {most} days.", most=terms.most_days)
        if days_are_wrong
        else None,
        "scopes": None if wish.scopes else N_("Choose at least one thing that it may do."),
    }
    errors = {field: [fault] for field, fault in faults.items() if fault is not None}
    if errors:
        raise Invalid(errors)


def _limit(session: Session, tokens: Select[Token]) -> None:
    living = tokens.where(Token.ends_at > time.time()).with_only_columns(func.count(Token.id))
    if (session.scalar(living) or 0) >= MOST_TOKENS:
        sentence = N_("There are {most} tokens already: revoke one first.", most=MOST_TOKENS)
        raise Conflict(sentence)


def _issue(session: Session, user_id: str, wish: Wish, terms: Tokens) -> tuple[Token, str]:
    secret, now = PREFIX + secrets.token_urlsafe(32), time.time()
    token = Token(
        user_id=user_id,
        name=wish.name.strip(),
        scopes=scopes.kept(wish.scopes),
        sha256=_hash(secret),
        created_at=now,
        ends_at=now + (wish.days or terms.days) * DAY_S,
    )
    session.add(token)
    session.flush()
    return token, secret


def _own(viewer: Viewer) -> Select[Token]:
    return select(Token).where(Token.user_id == viewer.user_id)


def _of_school(school_id: str) -> Select[Token]:
    scripts = select(User.id).where(User.school_id == school_id, User.role == Role.SCRIPT.value)
    return select(Token).where(Token.user_id.in_(scripts))


def _newest_first(session: Session, tokens: Select[Token]) -> list[Token]:
    return list(session.scalars(tokens.order_by(Token.created_at.desc(), Token.id)))


def _hash(secret: str) -> str:
    # A token has 256 random bits: a plain hash is as good as a slow one, and quick to look up.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
