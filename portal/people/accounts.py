"""The people and seats that can log in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.language import LANGUAGES, N_, Message
from portal.people import passwords
from portal.people.names import fault_of_login, fault_of_name
from portal.people.viewer import Role, Viewer
from portal.store.tables import Base, School, Seat, User

_USERS = Base.metadata.tables[User.__tablename__]
SHORTEST_PASSWORD = 8


def add(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    school_id: str | None,
    password: str | None,
) -> User:
    """Add somebody who can log in; without a password, only through another directory.

    Raises `Invalid` with every fault (login, name, school, password).
    """
    login = login.strip().lower()
    faults = {
        "login": fault_of_new_login(session, login),
        "name": fault_of_name(name),
        "school": fault_of_school(role, school_id),
        "password": None if password is None else fault_of_password(password),
    }
    errors = {field: [fault] for field, fault in faults.items() if fault is not None}
    if errors:
        raise Invalid(errors)
    user = User(
        login=login,
        name=name.strip(),
        role=role.value,
        school_id=school_id,
        password_hash=None if password is None else passwords.hash_password(password),
    )
    session.add(user)
    session.flush()
    return user


def find(session: Session, login: str) -> User | None:
    """The user with this login, active or not."""
    return session.scalar(select(User).where(User.login == login.strip().lower()))


def load_viewer(session: Session, user_id: str) -> Viewer | None:
    """The viewer that an active user is; None for anybody else, and for who has left.

    The session is one for everyone, because the school is not known before this answer.
    """
    row = session.execute(_BY_ID, {"user_id": user_id}).one_or_none()
    return None if row is None else viewer_of(row)


def active_viewers() -> Select[*tuple[Any, ...]]:
    """What `viewer_of` needs to know, of everybody who may log in."""
    return (
        select(
            User.id.label("user_id"),
            User.login,
            User.name,
            User.role,
            User.school_id,
            User.language,
            Seat.class_id,
            Seat.id.label("seat_id"),
            School.templates_off,
        )
        .outerjoin(Seat, Seat.user_id == User.id)
        .outerjoin(School, School.id == User.school_id)
        .where(User.active, User.left_at.is_(None), or_(School.id.is_(None), School.active))
    )


# Every page begins with it. Made once: to put a statement together costs as much as to ask it.
_BY_ID = active_viewers().where(User.id == bindparam("user_id"))


def viewer_of(row: Row[Any]) -> Viewer:
    """The viewer of a row of `active_viewers`."""
    return Viewer(
        user_id=row.user_id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        school_id=row.school_id,
        language=row.language,
        class_id=row.class_id,
        seat_id=row.seat_id,
        templates_off=frozenset(row.templates_off or ()),
    )


def set_password(session: Session, user: User, password: str) -> None:
    """Give somebody a new password; raises `Invalid` (password)."""
    fault = fault_of_password(password)
    if fault is not None:
        raise Invalid.one("password", fault)
    user.password_hash = passwords.hash_password(password)
    session.flush()


def hand_over(session: Session, user: User) -> None:
    """From now on the user is whom the directory knows by this login; raises `Invalid` (login).

    The local password is forgotten, and everything that the account has stays with it.
    """
    if user.role == Role.SEAT:
        raise Invalid.one("login", N_("A seat is in no directory."))
    user.password_hash = None
    session.flush()


def set_language(session: Session, viewer: Viewer, language: str) -> None:
    """Remember the language that somebody reads; raises `Invalid` (language)."""
    if language not in LANGUAGES:
        raise Invalid.one("language", N_("The portal speaks Chinese (zh) and English (en)."))
    session.get_one(User, viewer.user_id).language = language
    session.flush()


def fault_of_password(password: str) -> Message | None:
    """What is wrong with a password that somebody chose."""
    if SHORTEST_PASSWORD <= len(password) <= passwords.LONGEST:
        return None
    return N_("Use {least} to {most} characters.", least=SHORTEST_PASSWORD, most=passwords.LONGEST)


def fault_of_new_login(session: Session, login: str) -> Message | None:
    """What is wrong with a login that somebody new would have."""
    login = login.strip().lower()
    fault = fault_of_login(login)
    return fault_of_taken(session, [login]) if fault is None else fault


def fault_of_taken(session: Session, logins: Sequence[str]) -> Message | None:
    """What is wrong with logins of which somebody has one, in whatever school.

    The table is asked, and not `User`, of whom a school's session sees its own alone.
    """
    taken = select(_USERS.c.login).where(_USERS.c.login.in_(logins)).order_by(_USERS.c.login)
    login = session.scalar(taken.limit(1))
    if login is None:
        return None
    return N_("Somebody has the login {login} already.", login=login)


def fault_of_school(role: Role, school_id: str | None) -> Message | None:
    """What is wrong with where somebody belongs."""
    if (school_id is None) == (role is Role.STAFF):
        return None
    return N_("Everybody but staff belongs to a school.")
