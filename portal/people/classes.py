"""Classes and their numbered seats. A seat is a pseudonym: only the school knows who sits there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from portal.errors import Conflict, Invalid, NotFound
from portal.language import N_, Message
from portal.people import codes
from portal.people.accounts import fault_of_taken
from portal.people.names import fault_of_name, fault_of_slug
from portal.people.passwords import hash_password, readable
from portal.people.viewer import Role, Viewer
from portal.store.tables import School, SchoolClass, Seat, User

MOST_SEATS = 200


@dataclass(frozen=True)
class SeatCredential:
    """What stands on the slip of paper at a seat. The password is kept nowhere."""

    number: int
    login: str
    password: str


@dataclass(frozen=True)
class ClassRow:
    """A class in a list, with how many seats it has."""

    school_class: SchoolClass
    seats: int


def add_class(
    session: Session, school: School, *, slug: str, name: str, seats: int, passwords: bool = True
) -> tuple[SchoolClass, list[SeatCredential]]:
    """Add a class with seats 1 to `seats`, each with an account of its own.

    Pupils need no `passwords`, for they come in with cards (`portal.people.cards`); without them
    no credential is given.

    Raises `Invalid` with every fault (slug, name, seats).
    """
    taken = select(SchoolClass.id).where(
        SchoolClass.school_id == school.id, SchoolClass.slug == slug
    )
    faults: dict[str, Message | None] = {
        "slug": fault_of_slug(slug),
        "name": fault_of_name(name),
        "seats": None
        if 1 <= seats <= MOST_SEATS
        else N_("A class has 1 to {most} seats.", most=MOST_SEATS),
    }
    if session.scalar(taken) is not None:
        faults["slug"] = N_("The school has a class {slug} already.", slug=slug)
    errors = {field: [fault] for field, fault in faults.items() if fault is not None}
    if errors:
        raise Invalid(errors)
    logins = {number: f"{school.slug}-{slug}-{number:02}" for number in range(1, seats + 1)}
    # A school “hua-7” with a class “2” would call its seats as “hua” calls those of “7-2”.
    fault = fault_of_taken(session, list(logins.values()))
    if fault is not None:
        raise Invalid.one("slug", fault)
    school_class = SchoolClass(school_id=school.id, slug=slug, name=name.strip())
    session.add(school_class)
    codes.give(session, school_class)
    slips = [SeatCredential(number, login, readable()) for number, login in logins.items()]
    school_class.seats = [
        Seat(school_id=school.id, number=slip.number, user=_account(school, name, slip, passwords))
        for slip in slips
    ]
    session.flush()
    return school_class, slips if passwords else []


def list_classes(session: Session, viewer: Viewer) -> list[ClassRow]:
    """The classes that the viewer may know of, by slug: a seat's own, or the school's."""
    counted = (
        select(SchoolClass, func.count(Seat.id))
        .outerjoin(Seat, Seat.class_id == SchoolClass.id)
        .group_by(SchoolClass.id)
        .order_by(SchoolClass.slug, SchoolClass.id)
    )
    if viewer.is_seat:
        counted = counted.where(SchoolClass.id == viewer.class_id)
    return [ClassRow(found, seats) for found, seats in session.execute(counted)]


def get_class(session: Session, viewer: Viewer, id_or_slug: str) -> SchoolClass:
    """A class with its seats, by id or slug.

    Raises `NotFound`, and `Conflict` for staff where several schools have such a slug.
    """
    wanted = (
        select(SchoolClass)
        .where(or_(SchoolClass.id == id_or_slug, SchoolClass.slug == id_or_slug))
        .options(selectinload(SchoolClass.seats))
    )
    if viewer.is_seat:
        wanted = wanted.where(SchoolClass.id == viewer.class_id)
    found = session.scalars(wanted).all()
    if not found:
        raise NotFound(N_("There is no such class."))
    if len(found) > 1:
        raise Conflict(N_("Several schools have a class {slug}: give its id.", slug=id_or_slug))
    return found[0]


def classes_of_school(session: Session, school: School) -> list[SchoolClass]:
    """The classes of a school, by slug."""
    own = select(SchoolClass).where(SchoolClass.school_id == school.id)
    return list(session.scalars(own.order_by(SchoolClass.slug)))


def class_of_school(session: Session, school: School, slug: str) -> SchoolClass:
    """A class with its seats, by its school and slug; raises `NotFound`."""
    wanted = select(SchoolClass).where(SchoolClass.school_id == school.id, SchoolClass.slug == slug)
    found = session.scalar(wanted.options(selectinload(SchoolClass.seats)))
    if found is None:
        raise NotFound(N_("There is no such class."))
    return found


def _account(school: School, class_name: str, slip: SeatCredential, has_password: bool) -> User:
    return User(
        school_id=school.id,
        login=slip.login,
        name=f"{class_name.strip()} · {slip.number:02}",
        role=Role.SEAT.value,
        password_hash=hash_password(slip.password) if has_password else None,
    )
