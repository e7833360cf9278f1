"""Classes and their seats."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.people.classes import get_class, list_classes
from portal.services import services

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
        return get_class(session, viewer(), id_or_slug)
