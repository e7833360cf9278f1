"""Classes and their seats."""

from __future__ import annotations

import time
from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.values import AtMost, Between, Whole
from portal.people import codes
from portal.people.access import Action, may, require_school
from portal.people.classes import MOST_SEATS, add_class, get_class, list_classes
from portal.people.scopes import Scope
from portal.services import services
from portal.store.tables import School, SchoolClass

noun = Noun("classes", "Named groups of numbered seats.")


class ClassSchema(ma.Schema):
    """A class in a list."""

    id = ma.fields.String(required=True)
    slug = ma.fields.String(required=True, metadata={"example": "7-2"})
    name = ma.fields.String(required=True, metadata={"example": "七年级 2 班"})
    seats = ma.fields.Integer(required=True, metadata={"description": "How many there are."})


class ClassesSchema(ma.Schema):
    """The classes that one may know of, by slug."""

    items = ma.fields.List(ma.fields.Nested(ClassSchema), required=True)


class ClassSeatSchema(ma.Schema):
    """A numbered place in a class."""

    id = ma.fields.String(required=True)
    number = ma.fields.Integer(required=True)


class WholeClassSchema(ma.Schema):
    """A class with its seats."""

    id = ma.fields.String(required=True)
    slug = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    seats = ma.fields.List(ma.fields.Nested(ClassSeatSchema), required=True)
    code = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What pupils come in by; not for seats.", "example": "k7m2px"},
    )
    open = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the code works just now."}
    )
    homework = ma.fields.Boolean(
        required=True, metadata={"description": "Whether it works while no lesson is on."}
    )
    term = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Id of its term; null for the first hour of a class without one."},
    )


class NewClassSchema(ma.Schema):
    """A class to be made. Names of pupils are sent to nobody: only how many they are."""

    slug = ma.fields.String(required=True, validate=AtMost(40, 1), metadata={"example": "7-2"})
    name = ma.fields.String(
        required=True, validate=AtMost(80, 1), metadata={"example": "七年级 2 班"}
    )
    seats = Whole(required=True, validate=Between(1, MOST_SEATS))


@noun.reads("/classes", ClassesSchema)
def index() -> dict[str, Any]:
    """List the classes of one's school."""
    with services().store.reading(viewer().tenant) as session:
        rows = list_classes(session, viewer())
        return {
            "items": [
                {
                    "id": row.school_class.id,
                    "slug": row.school_class.slug,
                    "name": row.school_class.name,
                    "seats": row.seats,
                }
                for row in rows
            ]
        }


@noun.reads("/classes/<id_or_slug>", WholeClassSchema)
def show(id_or_slug: str) -> Any:
    """Show a class, by its id or its slug."""
    with services().store.reading(viewer().tenant) as session:
        return whole(session, get_class(session, viewer(), id_or_slug))


@noun.changes("/classes", WholeClassSchema, Scope.MANAGE, body=NewClassSchema, status=201)
def make(body: dict[str, Any]) -> dict[str, Any]:
    """Make a class with numbered seats. Its cards are printed next."""
    school_id = require_school(viewer(), Action.MAKE_CLASS)
    with services().store.begin(viewer().tenant) as session:
        school = session.get_one(School, school_id)
        made, _none = add_class(session, school, **body, passwords=False)
        about(f"class {made.id}", school_id)
        return whole(session, made)


def whole(session: Session, found: SchoolClass) -> dict[str, Any]:
    """A class as `WholeClassSchema` has it."""
    return {
        "id": found.id,
        "slug": found.slug,
        "name": found.name,
        "seats": found.seats,
        "code": found.code if may(viewer(), Action.SEE_CLASS) else None,
        "open": codes.is_open(session, found, time.time()),
        "homework": found.homework,
        "term": found.term_id,
    }
