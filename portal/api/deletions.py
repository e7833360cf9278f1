"""Deleting what children left behind, and the receipts of that."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.pages import PageSchema, page_of
from portal.api.values import AtMost
from portal.people.schools import school_of
from portal.people.scopes import Scope
from portal.privacy import erasures
from portal.privacy.scope import scope_of
from portal.services import services
from portal.store.tables import Erasure

noun = Noun("deletions", "What children left behind is deleted by the agent, with a receipt.")


class GoingSchema(ma.Schema):
    """What would go with a thing."""

    kind = ma.fields.String(required=True, metadata={"enum": list(erasures.KINDS)})
    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    typed = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What has to be sent to confirm it: a short name, or nothing."},
    )
    classes = ma.fields.Integer(required=True)
    seats = ma.fields.Integer(required=True)
    accounts = ma.fields.Integer(required=True)
    lessons = ma.fields.Integer(required=True)
    runs = ma.fields.Integer(required=True)
    data_sets = ma.fields.Integer(required=True)


class ConfirmedSchema(ma.Schema):
    """That it is meant."""

    typed = ma.fields.String(
        load_default="",
        validate=AtMost(80),
        metadata={"description": "The short name of a class or of a school that is to go."},
    )


class ReceiptSchema(ma.Schema):
    """What was deleted, in numbers and ids; it names nobody."""

    id = ma.fields.String(required=True)
    school_id = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, metadata={"enum": list(erasures.KINDS)})
    subject = ma.fields.String(required=True, metadata={"description": "Id of what was deleted."})
    why = ma.fields.String(required=True, metadata={"enum": list(erasures.REASONS)})
    state = ma.fields.String(required=True, metadata={"enum": list(erasures.STATES)})
    asked_by = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Id of an account."}
    )
    asked_at = ma.fields.Float(required=True)
    done_at = ma.fields.Float(required=True, allow_none=True)
    rows = ma.fields.Dict(
        required=True, metadata={"description": "Deleted rows of the database, by table."}
    )
    files = ma.fields.Integer(required=True)
    bytes = ma.fields.Integer(required=True)
    left = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "What a second look found."}
    )


class ReceiptsSchema(ma.Schema):
    """A page of receipts, newest first; those of what is still being deleted among them."""

    items = ma.fields.List(ma.fields.Nested(ReceiptSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ReceiptFilterSchema(PageSchema):
    """Which receipts."""

    school = ma.fields.String(
        load_default=None, validate=AtMost(64, 1), metadata={"description": "Id or short name."}
    )


@noun.reads("/deletions/<kind>/<which>", GoingSchema)
def show(kind: str, which: str) -> dict[str, Any]:
    """Show what would go. Nothing is deleted."""
    with services().store.reading(viewer().tenant) as session:
        subject = erasures.subject_of(session, viewer(), kind, which)
        scope = scope_of(session, subject.kind, subject.id)
    return {
        "kind": subject.kind,
        "id": subject.id,
        "name": subject.name,
        "typed": subject.typed,
        "classes": len(scope.classes),
        "seats": len(scope.seats),
        "accounts": len(scope.users),
        "lessons": len(scope.lessons),
        "runs": len(scope.runs),
        "data_sets": len(scope.data_sets),
    }


@noun.changes(
    "/deletions/<kind>/<which>", ReceiptSchema, Scope.MANAGE, body=ConfirmedSchema, status=202
)
def ask(body: dict[str, Any], kind: str, which: str) -> Erasure:
    """Have a run, data set, seat, class or school deleted for ever; its receipt follows."""
    with services().store.begin(viewer().tenant) as session:
        subject = erasures.subject_of(session, viewer(), kind, which)
        erasures.confirm(subject, body["typed"])
        about(f"{subject.kind} {subject.id}", subject.school_id)
        return erasures.ask(session, viewer(), kind, which)


@noun.reads("/receipts", ReceiptsSchema, query=ReceiptFilterSchema)
def receipts(query: dict[str, Any]) -> dict[str, Any]:
    """List what was deleted and what is being deleted."""
    asked, limit = query["school"], query["limit"]
    with services().store.reading(viewer().tenant) as session:
        found = erasures.erasures(
            session,
            viewer(),
            school_of(session, viewer(), asked).id if asked is not None else None,
            limit=limit + 1,
            before=query["before"],
        )
        return page_of(found, limit, lambda erasure: erasure)


@noun.reads("/receipts/<erasure_id>", ReceiptSchema)
def receipt(erasure_id: str) -> Erasure:
    """Show one of them."""
    with services().store.reading(viewer().tenant) as session:
        return erasures.get_erasure(session, viewer(), erasure_id)
