"""Several classes at once, as they stand in one list. The portal is told how many sit in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.language import N_, Message
from portal.people.classes import add_class
from portal.store.tables import School, SchoolClass

MOST_CLASSES = 60


@dataclass(frozen=True, kw_only=True)
class ClassWish:
    """A class that is asked for."""

    name: str
    slug: str
    seats: int


def add_classes(session: Session, school: School, wishes: Sequence[ClassWish]) -> list[SchoolClass]:
    """Add all of these classes, or none of them.

    Raises `Invalid` with every fault of each, as `<number>.<field>` with numbers from 0, or
    `classes` where there are none or too many; the caller's transaction is then to be rolled back.
    """
    if not 1 <= len(wishes) <= MOST_CLASSES:
        raise Invalid.one("classes", N_("A list has 1 to {most} classes.", most=MOST_CLASSES))
    made: list[SchoolClass] = []
    faults: dict[str, Sequence[Message]] = {}
    for number, wish in enumerate(wishes):
        try:
            school_class, _none = add_class(
                session,
                school,
                slug=wish.slug,
                name=wish.name,
                seats=wish.seats,
                passwords=False,
            )
            made.append(school_class)
        except Invalid as invalid:
            faults |= {f"{number}.{field}": said for field, said in invalid.errors.items()}
    if faults:
        raise Invalid(faults)
    return made
