"""Rows that go, counted by their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.privacy.scope import Scope, pieces
from portal.store.tables import (
    Answered,
    Base,
    Batch,
    Content,
    DataSet,
    Lesson,
    Run,
    SchoolClass,
    Seat,
    Term,
    Token,
    Usage,
    User,
)

Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
# What hangs on nothing else goes first.
_AFTER_THE_RUNS: tuple[tuple[type[Base], Column, str], ...] = (
    (Lesson, Lesson.id, "lessons"),
    (DataSet, DataSet.id, "data_sets"),
    (Seat, Seat.id, "seats"),
    (SchoolClass, SchoolClass.id, "classes"),
    (Term, Term.id, "terms"),
    (User, User.id, "users"),
)


def delete_runs(session: Session, runs: Collection[str]) -> Counter[str]:
    """Delete ended runs, and the batches in which nobody else's runs are."""
    gone: Counter[str] = Counter()
    for some in pieces(runs):
        batches = set(session.scalars(select(Run.batch_id).where(Run.id.in_(some)).distinct()))
        gone["run"] += _delete(session, Run, Run.id, some)
        empty = Batch.id.in_(batches - {None}) & ~exists().where(Run.batch_id == Batch.id)
        gone["batch"] += _done(session, delete(Batch).where(empty, Batch.state == "closed"))
    return gone


def delete_rest(session: Session, scope: Scope) -> tuple[Counter[str], list[str]]:
    """Delete everything else of a scope whose runs have gone; the counts, and contents to remove.

    What was used stays in the sums of the school, of no class any more.
    """
    gone: Counter[str] = Counter()
    hashes = _all(session, DataSet.sha256, DataSet.id, scope.data_sets)
    sat = scope.users | _all(session, Seat.user_id, Seat.id, scope.emptied)
    gone["token"] += _delete(session, Token, Token.user_id, sat)
    gone["answered"] += _delete(session, Answered, Answered.user_id, sat)
    for some in pieces(scope.classes):
        forget = update(Usage).where(Usage.class_id.in_(some)).values(class_id=None)
        _done(session, forget)
    for some in pieces(scope.emptied):
        _done(session, update(Seat).where(Seat.id.in_(some)).values(pin_hash=None, dealt_at=None))
    for some in pieces(sat - scope.users):
        cleared: dict[str, Any] = {"password_hash": None, "language": None, "active": True}
        _done(session, update(User).where(User.id.in_(some)).values(**cleared))
    for table, column, name in _AFTER_THE_RUNS:
        gone[table.__tablename__] += _delete(session, table, column, getattr(scope, name))
    free = sorted(hashes - _all(session, DataSet.sha256, DataSet.sha256, hashes))
    gone["content"] += _delete(session, Content, Content.sha256, free)
    return +gone, free


def count_left(session: Session, scope: Scope, runs: Collection[str]) -> int:
    """How many rows there still are of a scope, and of runs that should have gone."""
    names = ("data_sets", "classes", "seats", "users", "terms", "lessons", "runs")
    still = sum(len(getattr(scope, name)) for name in names)
    return still + len(_all(session, Run.id, Run.id, set(runs) - scope.runs))


def _all(
    session: Session, wanted: InstrumentedAttribute[str], column: Column, ids: Collection[str]
) -> set[str]:
    found: set[str] = set()
    for some in pieces(ids):
        found |= set(session.scalars(select(wanted).where(column.in_(some))))
    return found


def _delete(session: Session, table: type[Base], column: Column, ids: Collection[str]) -> int:
    return sum(_done(session, delete(table).where(column.in_(some))) for some in pieces(ids))


def _done(session: Session, statement: Any) -> int:
    """How many rows a statement has changed; what the session holds of them is of no use."""
    changed = session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], changed).rowcount
