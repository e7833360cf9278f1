"""Staff, school administrators and teachers: looked for, added, moved, kept out and let in again.

Staff see everybody. A school's administrators see and change the people of their own school, and
make nobody staff. Who comes from a directory has name, role and school from there, at each login.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid, NotFound
from portal.language import N_, Message
from portal.people import accounts, passwords
from portal.people.access import Action, require
from portal.people.login.local import LOCAL
from portal.people.names import fault_of_name
from portal.people.opening import Welcome, welcome
from portal.people.schools import Faults
from portal.people.viewer import Role, Viewer
from portal.store.tables import School, User

PERSONS = (Role.STAFF, Role.SCHOOL_ADMIN, Role.TEACHER)


def people(
    session: Session,
    viewer: Viewer,
    *,
    words: str = "",
    school: str = "",
    role: str = "",
    limit: int,
) -> list[User]:
    """The people with `words` in name or login, by name; `school` is a slug.

    Raises `NotAllowed`.
    """
    found = select(User).outerjoin(User.school).order_by(User.name, User.id)
    for word in words.split():
        found = found.where(
            or_(
                User.name.icontains(word, autoescape=True),
                User.login.icontains(word, autoescape=True),
            )
        )
    if school:
        found = found.where(School.slug == school)
    if role:
        found = found.where(User.role == role)
    return list(session.scalars(found.where(*_seen_by(viewer)).limit(limit)))


def get_person(session: Session, viewer: Viewer, user_id: str) -> User:
    """One of them; raises `NotFound`, also for somebody of another school, and `NotAllowed`."""
    user = session.scalar(select(User).where(User.id == user_id, *_seen_by(viewer)))
    if user is None:
        raise NotFound(N_("There is no such person."))
    return user


def roles_for(viewer: Viewer) -> tuple[Role, ...]:
    """What the viewer may make somebody."""
    return PERSONS if viewer.is_staff else (Role.SCHOOL_ADMIN, Role.TEACHER)


def add_person(
    session: Session, viewer: Viewer, *, login: str, name: str, role: str, school: str
) -> Welcome:
    """Add somebody with a first password; `school` is a slug, and a school's own whatever is said.

    Raises `Invalid` with every fault (login, name, role, school), and `NotAllowed`.
    """
    require(viewer, Action.KEEP_PEOPLE)
    chosen, school_id, faults = _place(session, viewer, role, school)
    for field, fault in (
        ("login", accounts.fault_of_new_login(session, login)),
        ("name", fault_of_name(name)),
    ):
        if fault is not None:
            faults[field] = [fault]
    if faults or chosen is None:
        raise Invalid(faults)
    return welcome(session, login, name, chosen, school_id)


def change_person(
    session: Session, viewer: Viewer, user: User, *, name: str, role: str, school: str
) -> None:
    """Give somebody of the portal's own another name, role or school.

    What the person has made stays with the school that it was made in. Raises `Invalid` with
    every fault (name, role, school), and `Conflict` for oneself and for people of a directory.
    """
    _require_local(user)
    chosen, school_id, faults = _place(session, viewer, role, school)
    fault = fault_of_name(name)
    if fault is not None:
        faults["name"] = [fault]
    if faults or chosen is None:
        raise Invalid(faults)
    if user.id == viewer.user_id and (chosen != user.role or school_id != user.school_id):
        raise Conflict(N_("You cannot change your own role or school. Ask a colleague."))
    user.name, user.role, user.school_id = name.strip(), chosen.value, school_id
    session.flush()


def switch_person(viewer: Viewer, user: User, *, on: bool) -> None:
    """Keep somebody out, which ends sessions and tokens at once, or let them in again.

    Raises `Conflict` for oneself.
    """
    if user.id == viewer.user_id and not on:
        raise Conflict(N_("You cannot keep yourself out. Ask a colleague."))
    user.active = on


def new_password(session: Session, user: User, local: Collection[Role]) -> Welcome:
    """A password that was made up for somebody of the portal's own; the one before ends.

    `local` are the roles that the portal keeps passwords for. Raises `Conflict` for all others and
    for people of a directory.
    """
    _require_local(user)
    if user.role not in local:
        raise _of_the_directory()
    password = passwords.readable()
    accounts.set_password(session, user, password)
    return Welcome(user, password)


def _seen_by(viewer: Viewer) -> Sequence[ColumnElement[bool]]:
    """The session's tenant does the same for whoever is of a school; both have to be wrong."""
    require(viewer, Action.KEEP_PEOPLE)
    persons = User.role.in_(PERSONS)
    return (persons,) if viewer.is_staff else (persons, User.school_id == viewer.school_id)


def _place(
    session: Session, viewer: Viewer, role: str, school: str
) -> tuple[Role | None, str | None, Faults]:
    """What somebody is to be and where, and what is wrong with that (role, school)."""
    faults: Faults = {}
    chosen = next((each for each in roles_for(viewer) if each == role), None)
    if chosen is None:
        faults["role"] = [N_("Please choose what this person is.")]
    school_id = viewer.school_id
    if viewer.is_staff:
        school_id = session.scalar(select(School.id).where(School.slug == school))
        fault = _fault_of_school(chosen, school, school_id)
        if fault is not None:
            faults["school"] = [fault]
    return chosen, school_id, faults


def _fault_of_school(role: Role | None, slug: str, school_id: str | None) -> Message | None:
    if slug and school_id is None:
        return N_("There is no such school.")
    return None if role is None else accounts.fault_of_school(role, school_id)


def _require_local(user: User) -> None:
    if user.way != LOCAL:
        raise _of_the_directory()


def _of_the_directory() -> Conflict:
    return Conflict(N_("The directory says who this person is. Change it there."))
