"""People who log in: all of them for staff, their own school's for its administrators."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.schools import ActiveSchema
from portal.api.values import AtMost, Between, OneOf
from portal.errors import Conflict
from portal.language import N_
from portal.people import personnel
from portal.people.access import Action, require
from portal.people.login import roles_with_passwords
from portal.people.login.local import LOCAL
from portal.people.scopes import Scope
from portal.people.viewer import Role
from portal.services import services
from portal.store.tables import User

noun = Noun("people", "Who logs in with a name of their own; for staff and administrators.")
ROLES = [role.value for role in personnel.PERSONS]
MOST = 200


class PersonSchema(ma.Schema):
    """Somebody who logs in."""

    id = ma.fields.String(required=True)
    login = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    role = ma.fields.String(required=True, metadata={"enum": ROLES})
    school = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Short name; staff have none."}
    )
    local = ma.fields.Boolean(
        required=True, metadata={"description": "Whether no directory knows the person."}
    )
    active = ma.fields.Boolean(required=True)


class PeopleSchema(ma.Schema):
    """People, by name."""

    items = ma.fields.List(ma.fields.Nested(PersonSchema), required=True)
    more = ma.fields.Boolean(
        required=True, metadata={"description": "Whether there are more than `limit`."}
    )


class PeopleFilterSchema(ma.Schema):
    """Which people."""

    words = ma.fields.String(
        load_default="",
        validate=AtMost(100),
        metadata={"description": "Parts of name or login; all of them have to be there."},
    )
    school = ma.fields.String(load_default="", validate=AtMost(64))
    role = ma.fields.String(load_default="", validate=OneOf(["", *ROLES]))
    limit = ma.fields.Integer(load_default=MOST, validate=Between(1, MOST))


class NewPersonSchema(ma.Schema):
    """Somebody to be added."""

    login = ma.fields.String(required=True, validate=AtMost(99, 1))
    name = ma.fields.String(required=True, validate=AtMost(80, 1))
    role = ma.fields.String(required=True, validate=OneOf(ROLES))
    school = ma.fields.String(
        load_default="",
        validate=AtMost(64),
        metadata={"description": "Short name; an administrator adds to the own school alone."},
    )


class PersonChangeSchema(ma.Schema):
    """What is to be different; what is left out stays."""

    name = ma.fields.String(validate=AtMost(80, 1))
    role = ma.fields.String(validate=OneOf(ROLES))
    school = ma.fields.String(validate=AtMost(64))


class WelcomeSchema(PersonSchema):
    """Somebody with a new password, which is shown this once."""

    password = ma.fields.String(required=True)


@noun.reads("/people", PeopleSchema, query=PeopleFilterSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List people."""
    limit = query.pop("limit")
    with services().store.reading(viewer().tenant) as session:
        found = personnel.people(session, viewer(), **query, limit=limit + 1)
        return {"items": [_shown(user) for user in found[:limit]], "more": len(found) > limit}


@noun.reads("/people/<user_id>", PersonSchema)
def one(user_id: str) -> dict[str, Any]:
    """Show somebody."""
    with services().store.reading(viewer().tenant) as session:
        return _shown(personnel.get_person(session, viewer(), user_id))


@noun.changes("/people", WelcomeSchema, Scope.MANAGE, body=NewPersonSchema, status=201)
def add(body: dict[str, Any]) -> dict[str, Any]:
    """Add somebody, with a first password. Whom a directory knows simply logs in."""
    require(viewer(), Action.KEEP_PEOPLE)
    if body["role"] not in _with_passwords():
        raise Conflict(N_("The directory says who this person is. Change it there."))
    with services().store.begin(viewer().tenant) as session:
        welcome = personnel.add_person(session, viewer(), **body)
        about(f"person {welcome.user.id}", welcome.user.school_id)
        return {**_shown(welcome.user), "password": welcome.password}


@noun.changes(
    "/people/<user_id>", PersonSchema, Scope.MANAGE, method="PATCH", body=PersonChangeSchema
)
def change(body: dict[str, Any], user_id: str) -> dict[str, Any]:
    """Give somebody of the portal's own another name, role or school."""
    with services().store.begin(viewer().tenant) as session:
        user = personnel.get_person(session, viewer(), user_id)
        school = user.school.slug if user.school is not None else ""
        before = {"name": user.name, "role": user.role, "school": school}
        personnel.change_person(session, viewer(), user, **{**before, **body})
        session.expire(user, ["school"])
        return _shown(user)


@noun.changes(
    "/people/<user_id>/active", PersonSchema, Scope.MANAGE, method="PUT", body=ActiveSchema
)
def switch(body: dict[str, Any], user_id: str) -> dict[str, Any]:
    """Keep somebody out, which ends sessions and tokens at once, or let them in again."""
    with services().store.begin(viewer().tenant) as session:
        user = personnel.get_person(session, viewer(), user_id)
        personnel.switch_person(viewer(), user, on=body["active"])
        return _shown(user)


@noun.changes("/people/<user_id>/password", WelcomeSchema, Scope.MANAGE)
def password(user_id: str) -> dict[str, Any]:
    """Give somebody a new password, shown this once; the one before ends."""
    with services().store.begin(viewer().tenant) as session:
        user = personnel.get_person(session, viewer(), user_id)
        welcome = personnel.new_password(session, user, _with_passwords())
        return {**_shown(user), "password": welcome.password}


def _with_passwords() -> frozenset[Role]:
    return roles_with_passwords(services().settings.login)


def _shown(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "role": user.role,
        "school": user.school.slug if user.school is not None else None,
        "local": user.way == LOCAL,
        "active": user.active,
    }
