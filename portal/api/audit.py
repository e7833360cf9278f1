"""Who did what to whose data, for staff and for a school's administrators."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.api.pages import PageSchema, page_of
from portal.api.values import AtMost
from portal.people.access import Action, require
from portal.people.deeds import deeds
from portal.people.schools import get_school
from portal.services import services

noun = Noun("audit", "The audit log. It is written by the portal alone.")


class DeedSchema(ma.Schema):
    """One thing that somebody did."""

    id = ma.fields.String(required=True)
    at = ma.fields.Float(required=True)
    actor = ma.fields.String(required=True, metadata={"description": "Login, or user@host."})
    role = ma.fields.String(required=True)
    what = ma.fields.String(required=True, metadata={"example": "runs.cancel"})
    thing = ma.fields.String(required=True, allow_none=True, metadata={"example": "run 5b…"})
    school_id = ma.fields.String(required=True, allow_none=True)
    address = ma.fields.String(required=True, allow_none=True)


class DeedsSchema(ma.Schema):
    """A page of it, newest first."""

    items = ma.fields.List(ma.fields.Nested(DeedSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class DeedFilterSchema(PageSchema):
    """Which part of it."""

    actor = ma.fields.String(load_default=None, validate=AtMost(255, 1))
    school = ma.fields.String(
        load_default=None, validate=AtMost(64, 1), metadata={"description": "Id or short name."}
    )


@noun.reads("/audit", DeedsSchema, query=DeedFilterSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List what was done (administrators: to their school's data; staff: everything)."""
    require(viewer(), Action.SEE_AUDIT)
    with services().store.reading(viewer().tenant) as session:
        school = get_school(session, query["school"]).id if query["school"] else None
        found = deeds(
            session,
            viewer(),
            limit=query["limit"] + 1,
            before=query["before"],
            actor=query["actor"],
            school_id=school,
        )
        return page_of(found, query["limit"], lambda deed: deed)
