"""People who log in: all of them for staff, their own school's for its administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid, PortalError
from portal.language import Message
from portal.people import personnel, schools
from portal.people.access import Action, require
from portal.people.login import roles_with_passwords
from portal.people.login.local import LOCAL
from portal.people.viewer import Role
from portal.services import services
from portal.store.tables import School, User
from portal.web import noted, typed
from portal.web.failures import status_of
from portal.web.login import reading, viewer

MOST = 200
FIELDS = ("login", "name", "role", "school")

blueprint = Blueprint("people", __name__, url_prefix="/people")

Errors = Mapping[str, Sequence[Message]]


@blueprint.before_request
def _keepers_only() -> None:
    require(viewer(), Action.KEEP_PEOPLE)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Everybody, or those who are looked for."""
    asked = {name: request.args.get(name, "").strip() for name in ("words", "school", "role")}
    with reading() as session:
        found = personnel.people(session, viewer(), limit=MOST + 1, **asked)
        return render_template(
            "people.html",
            people=found[:MOST],
            more=len(found) > MOST,
            asked=asked,
            schools=_schools(),
            roles=personnel.roles_for(viewer()),
            me=viewer().user_id,
            local=LOCAL,
            may_add=bool(_offered()),
        )


@blueprint.get("/new")
def form() -> ResponseReturnValue:
    """The form of somebody new; the address may say of which school."""
    return _form({"school": request.args.get("school", "")}, {})


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Add somebody, and show the first password this once."""
    said = typed.words(FIELDS)
    if said["role"] not in _offered():
        said["role"] = ""
    try:
        with services().store.begin(viewer().tenant) as session:
            welcome = personnel.add_person(session, viewer(), **said)
    except Invalid as invalid:
        return _form(said, invalid.errors), 422
    noted.about(f"person {welcome.user.id}", welcome.user.school_id)
    return render_template("person_made.html", welcome=welcome, is_new=True, school=said["school"])


@blueprint.get("/<user_id>")
def one(user_id: str) -> ResponseReturnValue:
    """Somebody: name, role and school, and the ways to help or to keep out."""
    with reading() as session:
        return _page(personnel.get_person(session, viewer(), user_id), {}, {})


@blueprint.post("/<user_id>")
def change(user_id: str) -> ResponseReturnValue:
    """Another name, role or school."""
    said = typed.words(FIELDS[1:])
    try:
        with services().store.begin(viewer().tenant) as session:
            user = personnel.get_person(session, viewer(), user_id)
            personnel.change_person(session, viewer(), user, **said)
    except Invalid as invalid:
        with reading() as session:
            user = personnel.get_person(session, viewer(), user_id)
            return _page(user, said, invalid.errors), 422
    except PortalError as refused:
        return _refused(user_id, refused)
    flash(_("Written down."))
    return redirect(url_for("people.one", user_id=user_id), 303)


@blueprint.post("/<user_id>/switch")
def switch(user_id: str) -> ResponseReturnValue:
    """Keep somebody out, or let them in again."""
    on = request.form.get("on") == "on"
    try:
        with services().store.begin(viewer().tenant) as session:
            user = personnel.get_person(session, viewer(), user_id)
            personnel.switch_person(viewer(), user, on=on)
    except PortalError as refused:
        return _refused(user_id, refused)
    flash(
        _("%(name)s may come in again.", name=user.name)
        if on
        else _("%(name)s is kept out from now on.", name=user.name)
    )
    return redirect(url_for("people.one", user_id=user_id), 303)


@blueprint.post("/<user_id>/password")
def password(user_id: str) -> ResponseReturnValue:
    """A new password, shown this once; the one before ends."""
    try:
        with services().store.begin(viewer().tenant) as session:
            user = personnel.get_person(session, viewer(), user_id)
            welcome = personnel.new_password(session, user, _with_passwords())
    except PortalError as refused:
        return _refused(user_id, refused)
    return render_template("person_made.html", welcome=welcome, is_new=False)


def _refused(user_id: str, refused: PortalError) -> ResponseReturnValue:
    with reading() as session:
        user = personnel.get_person(session, viewer(), user_id)
        return _page(user, {}, {"": (refused.message,)}), status_of(refused)


def _form(said: Mapping[str, str], errors: Errors) -> str:
    return render_template(
        "person_new.html", typed=said, errors=errors, roles=_offered(), schools=_schools()
    )


def _page(user: User, said: Mapping[str, str], errors: Errors) -> str:
    slug = user.school.slug if user.school is not None else ""
    return render_template(
        "person.html",
        user=user,
        typed=said or {"name": user.name, "role": user.role, "school": slug},
        errors=errors,
        roles=personnel.roles_for(viewer()),
        schools=_schools(),
        is_local=user.way == LOCAL,
        is_me=user.id == viewer().user_id,
        has_password=user.role in _with_passwords(),
    )


def _offered() -> tuple[Role, ...]:
    """Whom the viewer may add here: only those whom no directory knows better."""
    return tuple(role for role in personnel.roles_for(viewer()) if role in _with_passwords())


def _with_passwords() -> frozenset[Role]:
    return roles_with_passwords(services().settings.login)


def _schools() -> list[School]:
    """The schools to choose from; who is of one has nothing to choose."""
    if not viewer().is_staff:
        return []
    with reading() as session:
        return schools.list_schools(session)
