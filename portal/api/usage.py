"""What schools have used, for scripts."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.api.values import AtMost, Between
from portal.people.schools import get_school
from portal.runs.usage import MONTHS, usage
from portal.services import services

noun = Noun("usage", "Share-hours by month, school, class and template.")


class UsageFilterSchema(ma.Schema):
    """Which part of it."""

    year = ma.fields.Integer(
        load_default=None,
        validate=Between(2000, 9999),
        metadata={"description": "By the site's clock; without it, this year."},
    )
    month = ma.fields.Integer(load_default=None, validate=Between(1, 12))
    school = ma.fields.String(
        load_default=None, validate=AtMost(64), metadata={"description": "Id or short name."}
    )


class UsedSchema(ma.Schema):
    """What a class, or those who trained for none, has used of a template in a month."""

    month = ma.fields.Integer(required=True)
    school = ma.fields.String(required=True)
    slug = ma.fields.String(
        required=True, metadata={"description": "The school's short name, of which there is one."}
    )
    school_class = ma.fields.String(required=True, allow_none=True, data_key="class")
    template = ma.fields.String(required=True)
    runs = ma.fields.Integer(required=True)
    share_hours = ma.fields.Float(
        required=True, metadata={"description": "An eighth of a GPU for an hour is one."}
    )


class UsageSchema(ma.Schema):
    """A year of it."""

    year = ma.fields.Integer(required=True)
    items = ma.fields.List(ma.fields.Nested(UsedSchema), required=True)


@noun.reads("/usage", UsageSchema, query=UsageFilterSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List what was used, by Slurm's own times (teachers: their school's; staff: everybody's)."""
    zone = ZoneInfo(services().settings.portal.timezone)
    year = query["year"] or datetime.fromtimestamp(time.time(), zone).year
    with services().store.reading(viewer().tenant) as session:
        school = get_school(session, query["school"]).id if query["school"] else None
        months = [query["month"]] if query["month"] else MONTHS
        found = usage(session, viewer(), year, zone, months=months, school_id=school)
    return {"year": year, "items": found}
