"""Which rows belong to a run, a data set, a seat, a class or a school, as they are now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.store.tables import DataSet, Lesson, Run, SchoolClass, Seat, Term, User

# So many ids go into one statement; SQLite takes 32,766 values.
AT_ONCE = 500

Ids = set[str]
Item = TypeVar("Item")


@dataclass
class Scope:
    """Ids of what goes. `emptied` are seats that stay, with nothing of whoever sat there."""

    data_sets: Ids = field(default_factory=set)
    classes: Ids = field(default_factory=set)
    seats: Ids = field(default_factory=set)
    emptied: Ids = field(default_factory=set)
    users: Ids = field(default_factory=set)
    terms: Ids = field(default_factory=set)
    lessons: Ids = field(default_factory=set)
    runs: Ids = field(default_factory=set)


def scope_of(session: Session, kind: str, subject: str) -> Scope:
    """What goes with a thing; nothing where it has gone already. The session sees its school.

    With a data set go the lessons and runs that used it: what they left shows parts of it.
    """
    found = Scope()
    if kind == "run":
        found.runs = _ids(session, select(Run.id).where(Run.id == subject))
        return found
    if kind == "data":
        found.data_sets = _ids(session, select(DataSet.id).where(DataSet.id == subject))
    elif kind == "seat":
        found.emptied = _ids(session, select(Seat.id).where(Seat.id == subject))
    elif kind == "class":
        found.classes = _ids(session, select(SchoolClass.id).where(SchoolClass.id == subject))
    elif kind == "school":
        _all_of_school(session, subject, found)
    _follow(session, found)
    return found


def pieces(ids: Collection[Item]) -> Iterator[list[Item]]:
    """The same ids, some hundreds at a time."""
    listed = list(ids)
    for first in range(0, len(listed), AT_ONCE):
        yield listed[first : first + AT_ONCE]


def _all_of_school(session: Session, school_id: str, found: Scope) -> None:
    own = {
        table: _ids(session, select(table.id).where(table.school_id == school_id))
        for table in (DataSet, SchoolClass, User, Term, Lesson, Run)
    }
    found.data_sets, found.classes, found.users = own[DataSet], own[SchoolClass], own[User]
    found.terms, found.lessons, found.runs = own[Term], own[Lesson], own[Run]


def _follow(session: Session, found: Scope) -> None:
    """What hangs on what was found first."""
    found.seats |= _pointing(session, Seat.id, Seat.class_id, found.classes)
    found.data_sets |= _pointing(session, DataSet.id, DataSet.class_id, found.classes)
    found.users |= _pointing(session, Seat.user_id, Seat.id, found.seats)
    found.lessons |= _pointing(session, Lesson.id, Lesson.class_id, found.classes)
    found.lessons |= _pointing(session, Lesson.id, Lesson.data_set_id, found.data_sets)
    sat = _pointing(session, Seat.user_id, Seat.id, found.emptied)
    for column, ids in (
        (Run.lesson_id, found.lessons),
        (Run.data_set_id, found.data_sets),
        (Run.seat_id, found.seats | found.emptied),
        (Run.owner_id, found.users | sat),
    ):
        found.runs |= _pointing(session, Run.id, column, ids)


def _pointing(
    session: Session,
    wanted: InstrumentedAttribute[str],
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    ids: Ids,
) -> Ids:
    found: Ids = set()
    for some in pieces(ids):
        found |= _ids(session, select(wanted).where(column.in_(some)))
    return found


def _ids(session: Session, wanted: Select[str]) -> Ids:
    found: Iterable[str] = session.scalars(wanted)
    return set(found)
