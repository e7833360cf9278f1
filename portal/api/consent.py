"""A school's consent, without which no faces and no voices come in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.reader import language
from portal.api.values import Between, Whole
from portal.people import consent
from portal.people.access import Action, require
from portal.people.schools import school_of
from portal.people.scopes import Scope
from portal.privacy import consents
from portal.services import services
from portal.store.tables import School

noun = Noun("consent", "A school's consent to data that shows people.")


class ConsentSchema(ma.Schema):
    """What the school has said last, and the text of today."""

    holds = ma.fields.Boolean(
        required=True, metadata={"description": "Whether data that shows people may come in."}
    )
    version = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of the text that was signed; null where none ever was."},
    )
    recorded_by = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Id of an account."}
    )
    recorded_at = ma.fields.Float(required=True, allow_none=True)
    withdrawn_by = ma.fields.String(required=True, allow_none=True)
    withdrawn_at = ma.fields.Float(required=True, allow_none=True)
    text_version = ma.fields.Integer(required=True)
    text = ma.fields.String(
        required=True, metadata={"description": "For the school's head to sign."}
    )


class SignedSchema(ma.Schema):
    """Which text was signed."""

    version = Whole(
        required=True,
        validate=Between(1, 1_000_000),
        metadata={"description": "The `text_version` that was read."},
    )


class WithdrawnSchema(ConsentSchema):
    """The consent that does not hold any more."""

    deletions = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Ids of the receipts of all data that shows people."},
    )


@noun.reads("/schools/<school>/consent", ConsentSchema)
def show(school: str) -> dict[str, Any]:
    """Show whether a school consents, and the text of today."""
    require(viewer(), Action.ERASE)
    with services().store.reading(viewer().tenant) as session:
        return _shown(session, school_of(session, viewer(), school))


@noun.changes("/schools/<school>/consent", ConsentSchema, Scope.MANAGE, body=SignedSchema)
def record(body: dict[str, Any], school: str) -> dict[str, Any]:
    """Write down that the school has signed the text of today; for its administrators."""
    require(viewer(), Action.CONSENT)
    with services().store.begin(viewer().tenant) as session:
        found = _own(session, school)
        consent.record(session, viewer(), str(body["version"]))
        return _shown(session, found)


@noun.changes("/schools/<school>/consent", WithdrawnSchema, Scope.MANAGE, method="DELETE")
def withdraw(school: str) -> dict[str, Any]:
    """Withdraw it: all data that shows people goes, with the lessons and runs that used it."""
    require(viewer(), Action.CONSENT)
    with services().store.begin(viewer().tenant) as session:
        found = _own(session, school)
        goes = consents.withdraw(session, viewer())
        return {**_shown(session, found), "deletions": [each.id for each in goes]}


def _own(session: Session, school: str) -> School:
    found = school_of(session, viewer(), school)
    about(f"school {found.id}", found.id)
    return found


def _shown(session: Session, school: School) -> dict[str, Any]:
    said = consent.newest(session, school.id)
    names = ("version", "recorded_by", "recorded_at", "withdrawn_by", "withdrawn_at")
    return {
        **{name: getattr(said, name, None) for name in names},
        "holds": consent.holds(said),
        "text_version": consent.VERSION,
        "text": consent.text(language()),
    }
