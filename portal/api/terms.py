"""Terms of schools: some days after the last one of a term its classes are deleted."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import marshmallow as ma

from portal.api.classes import WholeClassSchema, whole
from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.values import AtMost
from portal.people.access import Action, require
from portal.people.classes import get_class
from portal.people.schools import school_of
from portal.people.scopes import Scope
from portal.privacy import terms
from portal.services import services
from portal.store.tables import Term

noun = Noun("terms", "Until when a school's classes stay.")


def _last_day() -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=AtMost(40),
        metadata={
            "description": f"From today to {terms.LONGEST_DAYS} days ahead.",
            "format": "date",
        },
    )


class TermSchema(ma.Schema):
    """A term of a school."""

    id = ma.fields.String(required=True)
    school_id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    last_day = ma.fields.Date(required=True)
    deleted_on = ma.fields.Date(
        required=True, metadata={"description": "When everything of its classes goes."}
    )


class TermsSchema(ma.Schema):
    """The terms of a school, the one that ends last first."""

    items = ma.fields.List(ma.fields.Nested(TermSchema), required=True)


class NewTermSchema(ma.Schema):
    """A term to be added."""

    name = ma.fields.String(required=True, validate=AtMost(80, 1))
    last_day = _last_day()


class TermChangeSchema(ma.Schema):
    """Another last day."""

    last_day = _last_day()


class TermOfClassSchema(ma.Schema):
    """The term that a class is to be in."""

    term = ma.fields.String(
        required=True, validate=AtMost(64, 1), metadata={"description": "Id of one of its school."}
    )


@noun.reads("/schools/<school>/terms", TermsSchema)
def index(school: str) -> dict[str, Any]:
    """List the terms of a school."""
    require(viewer(), Action.ERASE)
    with services().store.reading(viewer().tenant) as session:
        found = terms.terms(session, school_of(session, viewer(), school).id)
        return {"items": [_shown(term) for term in found]}


@noun.changes("/schools/<school>/terms", TermSchema, Scope.MANAGE, body=NewTermSchema, status=201)
def add(body: dict[str, Any], school: str) -> dict[str, Any]:
    """Add a term."""
    require(viewer(), Action.ERASE_CLASS)
    with services().store.begin(viewer().tenant) as session:
        found = school_of(session, viewer(), school)
        made = terms.add(session, viewer(), found.id, **body, day=_today())
        about(f"term {made.id}", found.id)
        return _shown(made)


@noun.changes("/terms/<term_id>", TermSchema, Scope.MANAGE, method="PATCH", body=TermChangeSchema)
def move(body: dict[str, Any], term_id: str) -> dict[str, Any]:
    """Let a term end on another day."""
    require(viewer(), Action.ERASE_CLASS)
    with services().store.begin(viewer().tenant) as session:
        term = terms.get_term(session, term_id)
        terms.move_end(session, viewer(), term, body["last_day"], _today())
        about(f"term {term.id}", term.school_id)
        return _shown(term)


@noun.changes(
    "/classes/<id_or_slug>/term",
    WholeClassSchema,
    Scope.MANAGE,
    method="PUT",
    body=TermOfClassSchema,
)
def put(body: dict[str, Any], id_or_slug: str) -> dict[str, Any]:
    """Put a class into another term of its school."""
    require(viewer(), Action.ERASE_CLASS)
    with services().store.begin(viewer().tenant) as session:
        found = get_class(session, viewer(), id_or_slug)
        terms.put_into(session, viewer(), found, terms.get_term(session, body["term"]))
        return whole(session, found)


def _today() -> date:
    return terms.today(services().settings, time.time())


def _shown(term: Term) -> dict[str, Any]:
    return {
        "id": term.id,
        "school_id": term.school_id,
        "name": term.name,
        "last_day": term.last_day,
        "deleted_on": terms.goes_on(term, services().settings),
    }
