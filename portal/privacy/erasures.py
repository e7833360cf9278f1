"""Asking that something be deleted, and the receipts: counts and ids, and nobody's name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from portal.datasets import shelf
from portal.errors import Invalid, NotAllowed, NotFound
from portal.language import N_, Message
from portal.people.access import Action, require
from portal.people.classes import get_class
from portal.people.schools import school_of
from portal.people.viewer import Viewer
from portal.privacy.scope import Scope, pieces, scope_of
from portal.runs import changes
from portal.runs.belonging import ENDED, OPEN
from portal.runs.queries import get_run
from portal.runs.states import LIVE
from portal.store.tables import DataSet, Erasure, Lesson, Run, SchoolClass, Seat, User

ASKED, FILES, DONE = "asked", "files", "done"
BY_PERSON, BY_TERM, BY_CONSENT = "asked", "term", "consent"
MOST_SHOWN = 200

KINDS: Mapping[str, Message] = {
    "run": N_("a training"),
    "data": N_("a data set"),
    "seat": N_("a seat"),
    "class": N_("a class"),
    "school": N_("a school"),
}
STATES: Mapping[str, Message] = {
    ASKED: N_("asked for"),
    FILES: N_("being deleted"),
    DONE: N_("deleted"),
}
REASONS: Mapping[str, Message] = {
    BY_PERSON: N_("somebody asked"),
    BY_TERM: N_("the term is over"),
    BY_CONSENT: N_("the consent was withdrawn"),
}


@dataclass(frozen=True)
class Subject:
    """What is to go: its school, its name on a page, and what has to be typed to confirm it."""

    kind: str
    id: str
    school_id: str
    name: str
    typed: str | None = None


def subject_of(session: Session, viewer: Viewer, kind: str, which: str) -> Subject:
    """What somebody wants to delete. Raises `NotFound`, `NotAllowed`."""
    find = _FINDERS.get(kind)
    if find is None:
        raise NotFound(N_("There is no such thing to delete."))
    return find(session, viewer, which)


def confirm(subject: Subject, typed: str) -> None:
    """Raise `Invalid` (typed) unless it is the short name, where there is one to be typed."""
    if subject.typed not in (None, typed.strip()):
        raise Invalid.one("typed", N_("This is not its short name."))


def ask(session: Session, viewer: Viewer, kind: str, which: str) -> Erasure:
    """Have something deleted. Nobody reaches it from now on; the agent does the rest.

    Asking again gives what was asked before. Raises `NotFound`, `NotAllowed`.
    """
    subject = subject_of(session, viewer, kind, which)
    return put_up(session, subject.kind, subject.id, subject.school_id, BY_PERSON, viewer.user_id)


def put_up(
    session: Session, kind: str, subject: str, school_id: str, why: str, asked_by: str | None = None
) -> Erasure:
    """The same for whoever has the right to it: a term that is over, say."""
    still_open = select(Erasure).where(
        Erasure.kind == kind, Erasure.subject == subject, Erasure.state != DONE
    )
    found = session.scalar(still_open)
    if found is not None:
        return found
    made = Erasure(
        school_id=school_id,
        kind=kind,
        subject=subject,
        why=why,
        asked_by=asked_by,
        asked_at=time.time(),
        state=ASKED,
    )
    session.add(made)
    close(session, scope_of(session, kind, subject))
    session.flush()
    return made


def close(session: Session, scope: Scope) -> int:
    """Stop what trains, end lessons and logins; how many runs are still alive in Slurm."""
    for some in pieces(scope.lessons):
        ended = update(Lesson).where(Lesson.id.in_(some), Lesson.state == OPEN)
        session.execute(ended.values(state=ENDED, ends_at=time.time()))
    for some in pieces(scope.classes):
        shut = update(SchoolClass).where(SchoolClass.id.in_(some))
        session.execute(shut.values(code=None, homework=False))
    for some in pieces(scope.emptied):
        session.execute(update(Seat).where(Seat.id.in_(some)).values(pin_hash=None))
    sat = {seat.user_id for seat in _seats(session, scope)}
    for some in pieces(scope.users | sat):
        session.execute(update(User).where(User.id.in_(some)).values(active=False))
    alive = 0
    for some in pieces(scope.runs):
        live = session.scalars(select(Run).where(Run.id.in_(some), Run.state.in_(LIVE))).all()
        runs = changes.lock(session, live)
        changes.stop(runs, changes.BY_TEACHER)
        alive += sum(run.state in LIVE for run in runs)
    return alive


def erasures(
    session: Session,
    viewer: Viewer,
    school_id: str | None = None,
    *,
    limit: int = MOST_SHOWN,
    before: str | None = None,
) -> list[Erasure]:
    """What was asked for, newest first; `before` is the id of the last one of the page before.

    Raises `NotAllowed`, and `NotFound` for a `before` that the viewer cannot see.
    """
    wanted = _seen(viewer).order_by(Erasure.asked_at.desc(), Erasure.id)
    if school_id is not None:
        wanted = wanted.where(Erasure.school_id == school_id)
    if before is not None:
        last = get_erasure(session, viewer, before)
        same = (Erasure.asked_at == last.asked_at) & (Erasure.id > last.id)
        wanted = wanted.where(or_(Erasure.asked_at < last.asked_at, same))
    return list(session.scalars(wanted.limit(limit)))


def get_erasure(session: Session, viewer: Viewer, erasure_id: str) -> Erasure:
    """One of them; raises `NotFound`, `NotAllowed`."""
    found = session.scalar(_seen(viewer).where(Erasure.id == erasure_id))
    if found is None:
        raise NotFound(N_("There is no such receipt."))
    return found


def _seen(viewer: Viewer) -> Select[Erasure]:
    require(viewer, Action.ERASE)
    return select(Erasure)


def _seats(session: Session, scope: Scope) -> list[Seat]:
    return [
        seat
        for some in pieces(scope.emptied)
        for seat in session.scalars(select(Seat).where(Seat.id.in_(some)))
    ]


def _run(session: Session, viewer: Viewer, which: str) -> Subject:
    require(viewer, Action.ERASE)
    run = get_run(session, viewer, which)
    return Subject("run", run.id, run.school_id, run.id[:8])


def _data(session: Session, viewer: Viewer, which: str) -> Subject:
    data = session.scalar(select(DataSet).where(DataSet.id == which))
    if data is None or data.school_id is None:
        # What is the centre's shows no child, and other schools may be using it.
        raise NotFound(N_("There is no such data set of a school."))
    if not shelf.may_remove(viewer, data):
        raise NotAllowed(N_("Only its owner can remove this data set."))
    return Subject("data", data.id, data.school_id, data.name_zh)


def _seat(session: Session, viewer: Viewer, which: str) -> Subject:
    require(viewer, Action.ERASE)
    seat = session.scalar(select(Seat).where(Seat.id == which))
    if seat is None:
        raise NotFound(N_("There is no such seat."))
    return Subject("seat", seat.id, seat.school_id, f"{seat.school_class.name} · {seat.number:02}")


def _class(session: Session, viewer: Viewer, which: str) -> Subject:
    require(viewer, Action.ERASE_CLASS)
    found = get_class(session, viewer, which)
    return Subject("class", found.id, found.school_id, found.name, found.slug)


def _school(session: Session, viewer: Viewer, which: str) -> Subject:
    require(viewer, Action.ERASE_CLASS)
    school = school_of(session, viewer, which)
    return Subject("school", school.id, school.id, school.name, school.slug)


_FINDERS: Mapping[str, Callable[[Session, Viewer, str], Subject]] = {
    "run": _run,
    "data": _data,
    "seat": _seat,
    "class": _class,
    "school": _school,
}
