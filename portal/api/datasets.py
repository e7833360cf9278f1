"""Data sets: find one, bring one in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.api.reader import language
from portal.api.values import AtMost, OneOf
from portal.datasets import manifest as manifests
from portal.datasets import reception, shelf
from portal.datasets.shown import NOBODY, require_answer, who_is_shown
from portal.people.access import Action, require
from portal.people.scopes import Scope
from portal.services import services
from portal.store.tables import DataSet

noun = Noun("datasets", "Immutable content with a name and an owner.")


class FilterSchema(ma.Schema):
    """Which data sets."""

    kind = ma.fields.String(load_default=None, validate=OneOf(["table", "pictures"]))
    query = ma.fields.String(
        load_default=None,
        validate=AtMost(100),
        metadata={"description": "A part of the name."},
    )


class DataSetSchema(ma.Schema):
    """A data set in a list."""

    id = ma.fields.String(required=True)
    slug = ma.fields.String(required=True, metadata={"example": "penguins"})
    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, metadata={"description": "table or pictures"})
    sha256 = ma.fields.String(required=True)
    bytes = ma.fields.Integer(required=True)
    licence = ma.fields.String(required=True, allow_none=True)
    source = ma.fields.String(required=True, allow_none=True)
    created_at = ma.fields.Float(required=True)
    personal = ma.fields.Boolean(
        required=True, metadata={"description": "Whether people are to be seen or heard."}
    )
    mine = ma.fields.Boolean(required=True, metadata={"description": "Whether I brought it in."})


class DataSetsSchema(ma.Schema):
    """The data sets that one may train with: the school's and the centre's."""

    items = ma.fields.List(ma.fields.Nested(DataSetSchema), required=True)


class WholeDataSetSchema(DataSetSchema):
    """A data set with what is in it."""

    content = ma.fields.Dict(
        required=True,
        metadata={"description": "The manifest: rows and columns, or pictures, and the classes."},
    )
    warnings = ma.fields.List(ma.fields.String(), required=True)


class UploadSchema(ma.Schema):
    """A CSV, or a zip with a folder of pictures for each class."""

    file = Upload(required=True)
    name = ma.fields.String(load_default=None, validate=AtMost(200))
    label = ma.fields.String(
        load_default=None,
        validate=AtMost(200),
        metadata={"description": "The column of a table that is to be learnt; else the last."},
    )
    personal = ma.fields.Boolean(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Whether people are to be seen or heard; needed for pictures. true "
            "needs the school's consent, and the class that the data goes with."
        },
    )
    school_class = ma.fields.String(
        data_key="class",
        load_default="",
        validate=AtMost(200),
        metadata={"description": "Where it shows people: id or short name of their class."},
    )


@noun.reads("/datasets", DataSetsSchema, query=FilterSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List data sets."""
    with services().store.reading(viewer().tenant) as session:
        found = shelf.find(session, viewer(), kind=query["kind"], query=query["query"])
        return {"items": [_listed(data_set) for data_set in found]}


@noun.reads("/datasets/<id_or_name>", WholeDataSetSchema)
def show(id_or_name: str) -> dict[str, Any]:
    """Show a data set, by its id or its name."""
    with services().store.reading(viewer().tenant) as session:
        return _whole(shelf.get(session, viewer(), id_or_name))


@noun.changes("/datasets", WholeDataSetSchema, Scope.DATA, upload=UploadSchema, status=201)
def upload(given: dict[str, Any]) -> dict[str, Any]:
    """Bring in a data set. The same content twice is kept once."""
    require(viewer(), Action.UPLOAD_DATA)
    house, file = services(), given["file"]
    name = reception.name_of(given["name"] or "", file.filename or "")
    with house.store.reading(viewer().tenant) as session:
        shown = who_is_shown(session, viewer(), given["personal"], given["school_class"])
    taken = reception.take_in(
        house.settings, file.stream, label=given["label"], length=file.content_length or None
    )
    require_answer(shown, taken.manifest.kind)
    with house.store.begin(viewer().tenant) as session:
        return _whole(reception.shelve(session, viewer(), taken, name, shown=shown or NOBODY))


@noun.changes("/datasets/<id_or_name>", None, Scope.DATA, method="DELETE", status=204)
def remove(id_or_name: str) -> None:
    """Take a data set off the shelf; refused while runs or lessons use it."""
    with services().store.begin(viewer().tenant) as session:
        shelf.remove(session, viewer(), shelf.get(session, viewer(), id_or_name))


def _listed(data_set: DataSet) -> dict[str, Any]:
    return {
        "id": data_set.id,
        "slug": data_set.slug,
        "name": data_set.name_zh if language() == "zh" else data_set.name_en,
        "kind": data_set.kind,
        "sha256": data_set.sha256,
        "bytes": data_set.content.size,
        "licence": data_set.licence,
        "source": data_set.source,
        "created_at": data_set.created_at,
        "personal": data_set.personal,
        "mine": data_set.owner_id == viewer().user_id,
    }


def _whole(data_set: DataSet) -> dict[str, Any]:
    manifest = data_set.content.manifest
    said = [warning.in_language(language()) for warning in manifests.parse(manifest).warnings]
    return {**_listed(data_set), "content": manifest, "warnings": said}
