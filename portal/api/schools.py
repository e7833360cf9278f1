"""Schools, for the centre's staff."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import marshmallow as ma

from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.values import AtMost, Between, Whole, YesOrNo
from portal.lessons.switch import switch_school
from portal.people import schools
from portal.people.access import Action, require
from portal.people.limits import MOST_SHARE_HOURS, MOST_SHARES
from portal.people.opening import SchoolWish, change_school, open_school
from portal.people.scopes import Scope
from portal.services import services
from portal.store.tables import School

noun = Noun("schools", "What schools are called and may use; for staff.")


def _limit(most: int, description: str, **more: Any) -> ma.fields.Integer:
    return Whole(
        allow_none=True,
        validate=Between(0, most),
        metadata={"description": f"{description}; null: the centre sets it in Slurm itself."},
        **more,
    )


class SchoolSchema(ma.Schema):
    """A school."""

    id = ma.fields.String(required=True)
    slug = ma.fields.String(required=True, metadata={"example": "huafu"})
    name = ma.fields.String(required=True)
    slurm_account = ma.fields.String(required=True)
    shares = _limit(MOST_SHARES, "Eighths of GPUs at once", required=True)
    share_hours = _limit(MOST_SHARE_HOURS, "Hours of an eighth a month", required=True)
    active = ma.fields.Boolean(
        required=True, metadata={"description": "Whether anybody of it comes in and trains."}
    )
    templates_off = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Those that it does not use."}
    )


class SchoolsSchema(ma.Schema):
    """Every school, by name."""

    items = ma.fields.List(ma.fields.Nested(SchoolSchema), required=True)


class NewSchoolSchema(ma.Schema):
    """A school to be added, and perhaps the first person who looks after it."""

    slug = ma.fields.String(required=True, validate=AtMost(40, 1))
    name = ma.fields.String(required=True, validate=AtMost(80, 1))
    slurm_account = ma.fields.String(required=True, validate=AtMost(63, 1))
    shares = _limit(MOST_SHARES, "Eighths of GPUs at once", load_default=None)
    share_hours = _limit(MOST_SHARE_HOURS, "Hours of an eighth a month", load_default=None)
    admin = ma.fields.String(
        load_default="",
        validate=AtMost(99),
        metadata={"description": "Login of its first administrator; without it, nobody is added."},
    )
    admin_name = ma.fields.String(load_default="", validate=AtMost(80))


class NewSchoolMadeSchema(SchoolSchema):
    """The school that was added."""

    password = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of its first administrator; shown this once."},
    )


class SchoolChangeSchema(ma.Schema):
    """What is to be different; what is left out stays."""

    name = ma.fields.String(validate=AtMost(80, 1))
    slurm_account = ma.fields.String(validate=AtMost(63, 1))
    shares = _limit(MOST_SHARES, "Eighths of GPUs at once")
    share_hours = _limit(MOST_SHARE_HOURS, "Hours of an eighth a month")


class SwitchedSchoolSchema(SchoolSchema):
    """The school that was switched off or on."""

    lessons_ended = ma.fields.Integer(
        required=True, metadata={"description": "Open lessons that ended as if the bell rang."}
    )


class ActiveSchema(ma.Schema):
    """On or off."""

    active = YesOrNo(required=True)


class UsedTemplatesSchema(ma.Schema):
    """The templates that a school uses."""

    templates = ma.fields.List(
        ma.fields.String(validate=AtMost(64, 1)), required=True, validate=AtMost(1000)
    )


@noun.reads("/schools", SchoolsSchema)
def index() -> dict[str, Any]:
    """List the schools."""
    require(viewer(), Action.KEEP_SCHOOLS)
    with services().store.reading(viewer().tenant) as session:
        return {"items": schools.list_schools(session)}


@noun.reads("/schools/<school>", SchoolSchema)
def one(school: str) -> School:
    """Show a school, by its short name."""
    require(viewer(), Action.KEEP_SCHOOLS)
    with services().store.reading(viewer().tenant) as session:
        return schools.get_school(session, school)


@noun.changes("/schools", NewSchoolMadeSchema, Scope.MANAGE, body=NewSchoolSchema, status=201)
def make(body: dict[str, Any]) -> dict[str, Any]:
    """Add a school. `kesuan schools apply` then makes its account in Slurm."""
    require(viewer(), Action.KEEP_SCHOOLS)
    admin, admin_name = body.pop("admin"), body.pop("admin_name")
    with services().store.begin(viewer().tenant) as session:
        school, welcome = open_school(session, SchoolWish(**body), admin, admin_name)
    about(f"school {school.slug}", school.id)
    return {**_shown(school), "password": welcome.password if welcome is not None else None}


@noun.changes(
    "/schools/<school>", SchoolSchema, Scope.MANAGE, method="PATCH", body=SchoolChangeSchema
)
def change(body: dict[str, Any], school: str) -> School:
    """Write down what a school is called and may use; Slurm is told by `kesuan schools apply`."""
    require(viewer(), Action.KEEP_SCHOOLS)
    with services().store.begin(viewer().tenant) as session:
        found = schools.get_school(session, school)
        change_school(session, found, replace(SchoolWish.of(found), **body))
        return found


@noun.changes(
    "/schools/<school>/active", SwitchedSchoolSchema, Scope.MANAGE, method="PUT", body=ActiveSchema
)
def switch(body: dict[str, Any], school: str) -> dict[str, Any]:
    """Switch a school off, which ends its lessons, or on again. Its data stays."""
    require(viewer(), Action.KEEP_SCHOOLS)
    with services().store.begin(viewer().tenant) as session:
        found = schools.get_school(session, school)
        ended = switch_school(session, found, on=body["active"])
        return {**_shown(found), "lessons_ended": ended}


@noun.changes(
    "/schools/<school>/templates",
    SchoolSchema,
    Scope.MANAGE,
    method="PUT",
    body=UsedTemplatesSchema,
)
def templates(body: dict[str, Any], school: str) -> School:
    """Say which templates a school uses."""
    require(viewer(), Action.KEEP_SCHOOLS)
    known = [each.name for each in services().catalog.all()]
    with services().store.begin(viewer().tenant) as session:
        found = schools.get_school(session, school)
        schools.choose_templates(found, known, body["templates"])
        return found


def _shown(school: School) -> dict[str, Any]:
    return {name: getattr(school, name) for name in SchoolSchema().fields}
