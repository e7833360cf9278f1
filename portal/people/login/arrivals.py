"""Somebody of a directory comes in: the portal's own row of that person is made or brought up."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.language import N_
from portal.people.login.local import LOCAL
from portal.people.login.refusals import KEPT_OUT, SCHOOL_IS_OFF
from portal.people.login.way import Identity, NoPlace, Place
from portal.people.names import LONGEST_NAME
from portal.people.viewer import Role
from portal.store.tables import School, User


def arrive(session: Session, identity: Identity) -> str | NoPlace:
    """The id of the person's row, with the name, role and school of today.

    Whoever has no place any more is noted as having left, which ends their sessions and tokens.
    """
    user = session.scalar(
        select(User).where(User.way == identity.way, User.subject == identity.subject)
    )
    if user is not None and not user.active:
        return NoPlace(KEPT_OUT)
    place = identity.place
    school = _school(session, place) if isinstance(place, Place) else None
    if isinstance(place, Place) and school is None and place.role is not Role.STAFF:
        place = NoPlace(
            N_(
                "Your school ({school}) is not set up in this portal yet. Please tell the centre's "
                "staff.",
                school=place.school or "?",
            )
        )
    if school is not None and not school.active:
        # Nobody has left: whoever comes when the school is switched on again finds all as it was.
        return NoPlace(SCHOOL_IS_OFF)
    if isinstance(place, NoPlace):
        if user is not None:
            user.left_at = time.time()
        return place
    if user is None or user.login != identity.login:
        found = _bearer(session, identity, user)
        if isinstance(found, NoPlace):
            return found
        user = found
    user.name = _readable(identity.name) or identity.login
    user.role = place.role.value
    user.school_id = school.id if school is not None else None
    user.left_at = None
    session.add(user)
    session.flush()
    return user.id


def _bearer(session: Session, identity: Identity, user: User | None) -> User | NoPlace:
    """The row that will have the identity's login: the person's own, or one that was left open."""
    other = session.scalar(select(User).where(User.login == identity.login))
    if other is not None and other.way == LOCAL:
        if user is not None or other.password_hash is not None or other.role == Role.SEAT:
            return NoPlace(
                N_(
                    "The portal has an account {login} of its own. Please ask the centre's staff "
                    "to hand it over to the directory.",
                    login=identity.login,
                )
            )
        other.way, other.subject = identity.way, identity.subject
        return other
    if other is not None:
        # The directory has given the login to somebody else. No login that is typed has a "~".
        other.login = f"{identity.login}~{other.id[:8]}"
        session.flush()
    user = user or User(way=identity.way, subject=identity.subject)
    user.login = identity.login
    return user


def _school(session: Session, place: Place) -> School | None:
    if place.role is Role.STAFF:
        return None
    return session.scalar(select(School).where(School.slug == place.school))


def _readable(name: str) -> str:
    """A name as pages can show it: one line of what can be printed."""
    return "".join(letter for letter in name if letter.isprintable()).strip()[:LONGEST_NAME]
