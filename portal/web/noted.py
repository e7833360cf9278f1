"""What goes into the audit log, and when: after every answer, of pages and of the API.

Every request that changes something and every look of the centre's staff at a school's data is
in one of the tables below, or in `UNNOTED` with the reason why not; a test holds every route
against them. Pupils are not written down here: what they do is their runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response, g, request
from flask_login import current_user
from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.language import N_, Message
from portal.people import commanded, deeds
from portal.people.viewer import Viewer
from portal.services import services
from portal.store import EVERYONE
from portal.store.tables import DataSet, Lesson, Run, School, SchoolClass, User

API = "api."

_Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]

CHANGES: Mapping[str, Message] = {
    "session.enter": N_("logged in"),
    "tokens.issue": N_("got a token for a script"),
    "tokens.revoke": N_("revoked a token"),
    "tokens.forget": N_("revoked a token"),
    "classes.make": N_("made a class"),
    "rosters.make": N_("made several classes"),
    "account.change": N_("changed the own password"),
    "people.add": N_("added somebody"),
    "people.change": N_("changed somebody's name, role or school"),
    "people.switch": N_("kept somebody out or let them in again"),
    "people.password": N_("gave somebody a new password"),
    "schools.make": N_("added a school"),
    "schools.change": N_("changed what a school may use"),
    "schools.switch": N_("switched a school off or on"),
    "schools.templates": N_("chose the templates of a school"),
    "cards.deal": N_("made cards with new PINs"),
    "cards.renew": N_("made a new class code"),
    "cards.homework": N_("allowed or ended homework"),
    "data.receive": N_("brought in a data set"),
    "data.remove": N_("removed a data set"),
    "datasets.upload": N_("brought in a data set"),
    "datasets.remove": N_("removed a data set"),
    "school_data.record": N_("recorded the school's consent"),
    "school_data.withdraw": N_("withdrew the school's consent"),
    "school_data.add_term": N_("added a term"),
    "school_data.move_term": N_("changed the end of a term"),
    "school_data.move_class": N_("put a class into another term"),
    "school_data.erase": N_("had something deleted"),
    "consent.record": N_("recorded the school's consent"),
    "consent.withdraw": N_("withdrew the school's consent"),
    "terms.add": N_("added a term"),
    "terms.move": N_("changed the end of a term"),
    "terms.put": N_("put a class into another term"),
    "deletions.ask": N_("had something deleted"),
    "train.start": N_("started a training"),
    "runs.start": N_("started a training"),
    "runs.cancel": N_("stopped a training"),
    "runs.finish": N_("ended a training early"),
    "runs.retry": N_("tried a training again"),
    "lessons.launch": N_("started a lesson"),
    "lessons.cancel": N_("stopped a lesson"),
    "lessons.finish": N_("rang the bell of a lesson"),
    "lessons.retry": N_("tried the failed seats of a lesson again"),
}
LOOKS: Mapping[str, Message] = {
    "runs.page": N_("looked at a training"),
    "runs.show": N_("looked at a training"),
    "runs.log": N_("read the log of a training"),
    "results.log": N_("read the log of a training"),
    "results.confusion": N_("looked at the results of a training"),
    "results.artifacts": N_("looked at the results of a training"),
    "results.artifact": N_("took a file of a training"),
    "results.takehome": N_("took the files of a training"),
    "lessons.page": N_("looked at a lesson"),
    "lessons.show": N_("looked at a lesson"),
    "lessons.takehome": N_("took the files of a lesson"),
    "school_data.takehome": N_("took everything of a school home"),
    "school_data.class_takehome": N_("took everything of a class home"),
    "takehome.of_school": N_("took everything of a school home"),
    "takehome.of_class": N_("took everything of a class home"),
    "classes.one": N_("looked at a class"),
    "classes.show": N_("looked at a class"),
    "data.one": N_("looked at a data set"),
    "datasets.show": N_("looked at a data set"),
}
UNNOTED: Mapping[str, str] = {
    "appearance.language": "changes a cookie of one's own",
    "appearance.theme": "changes a cookie of one's own",
    "session.leave": "nobody's data",
    "fit.ask": "changes nothing",
    "runs.check": "changes nothing",
    "train.fitting": "changes nothing",
    "train.settings": "changes nothing",
    "seat.train": "a pupil's run is its own record",
    "sit.enter": "a pupil comes in; nobody knows who",
    "runs.state": "a part of a page that was noted",
    "runs.metrics": "a part of a page that was noted",
    "results.metrics": "a part of what was noted",
    "results.progress": "a part of what was noted",
    "lessons.events": "a part of a page that was noted",
    "lessons.snapshot": "a part of a page that was noted",
    "data.contact_sheet": "a part of a page that was noted",
    "cards.form": "not open to staff",
    "cards.projected": "not open to staff",
}
WORDS: Mapping[str, Message] = {**CHANGES, **LOOKS, **commanded.WORDS}
"""What was done, in words, by its name."""

_THINGS: Mapping[str, tuple[str, _Column, _Column]] = {
    "run_id": ("run", Run.id, Run.school_id),
    "lesson_id": ("lesson", Lesson.id, Lesson.school_id),
    "class_id": ("class", SchoolClass.id, SchoolClass.school_id),
    "data_id": ("data", DataSet.id, DataSet.school_id),
    "school": ("school", School.slug, School.id),
    "user_id": ("person", User.id, User.school_id),
}
"""By the name of an argument of an address: the kind of thing, its id there, and whose it is."""

_BY_NAME: Mapping[str, tuple[str, type[DataSet | SchoolClass]]] = {
    "id_or_name": ("data", DataSet),
    "id_or_slug": ("class", SchoolClass),
}


def register(app: Flask) -> None:
    """Write down what is done in this application."""
    app.after_request(_write_down)


def about(thing: str, school_id: str | None) -> None:
    """Say what this request is about, "kind id", where its address does not: a new thing."""
    g.noted = thing, school_id


def name_of(endpoint: str) -> str:
    """The same for a page and for the API."""
    return endpoint.removeprefix(API)


def _write_down(response: Response) -> Response:
    name = name_of(request.endpoint or "")
    looks = request.method in ("GET", "HEAD")
    if name not in (LOOKS if looks else CHANGES) or response.status_code >= 400:
        return response
    who = _who()
    if who is None or who.is_seat or (looks and not who.is_staff):
        return response
    with services().store.begin(EVERYONE) as session:
        thing, school_id = _thing(session)
        deeds.note(
            session,
            who,
            name,
            thing=thing,
            school_id=school_id or who.school_id,
            address=request.remote_addr,
        )
    return response


def _who() -> Viewer | None:
    if (request.endpoint or "").startswith(API):
        known: Viewer | None = g.get("api_viewer")
        return known
    return current_user.viewer if current_user.is_authenticated else None


def _thing(session: Session) -> tuple[str | None, str | None]:
    """What the address names, and the school that it belongs to."""
    given = request.view_args or {}
    if "noted" in g:
        named: tuple[str, str | None] = g.noted
        return named
    for argument, (kind, key, school) in _THINGS.items():
        if argument in given:
            school_id = session.scalar(select(school).where(key == given[argument]))
            return f"{kind} {given[argument]}", school_id
    for argument, (kind, table) in _BY_NAME.items():
        if argument in given:
            return _called(session, kind, table, given[argument])
    for argument, value in given.items():
        return f"{argument.removesuffix('_id').partition('_')[0]} {value}", None
    return None, None


def _called(
    session: Session, kind: str, table: type[DataSet | SchoolClass], name: str
) -> tuple[str, str | None]:
    """The id of what was called by its name, for names outlive nothing in here."""
    who = _who()
    wanted = select(table.id, table.school_id).where(or_(table.id == name, table.slug == name))
    if who is not None and not who.is_staff:
        wanted = wanted.where(or_(table.school_id == who.school_id, table.school_id.is_(None)))
    found = session.execute(wanted).all()
    return (f"{kind} {found[0][0]}", found[0][1]) if len(found) == 1 else (kind, None)
