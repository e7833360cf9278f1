"""The schools of the portal, for the centre's staff: all of them, a new one, and one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.language import Message
from portal.lessons.switch import open_lessons, switch_school
from portal.operations.schools import VIEW, SchoolRow, drift_of, school_rows
from portal.people import schools
from portal.people.access import Action, require
from portal.people.login import roles_with_passwords
from portal.people.opening import SchoolWish, change_school, open_school
from portal.people.viewer import Role
from portal.services import services
from portal.store.tables import ClusterView, School
from portal.web import noted, typed
from portal.web.login import reading, viewer

NUMBERS = ("shares", "share_hours", "guaranteed")
FIELDS = ("slug", "name", "slurm_account", *NUMBERS, "partitions", "admin", "admin_name")
# What the list can be put in order by; numbers begin with the largest.
ORDERS: Mapping[str, Callable[[SchoolRow], Any]] = {
    "name": lambda row: row.school.name,
    "slug": lambda row: row.school.slug,
    "account": lambda row: row.school.slurm_account,
    "shares": lambda row: -(row.school.shares or 0),
    "share_hours": lambda row: -(row.school.share_hours or 0),
    "used": lambda row: -row.share_hours,
    "classes": lambda row: -row.classes,
    "people": lambda row: -row.people,
    "running": lambda row: -row.running,
    "waiting": lambda row: -row.waiting,
}

blueprint = Blueprint("schools", __name__, url_prefix="/staff/schools")


@blueprint.before_request
def _staff_only() -> None:
    require(viewer(), Action.KEEP_SCHOOLS)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """All schools, or those that have some words in their names, in any order."""
    words = request.args.get("words", "").strip()
    order = request.args.get("order", "")
    order = order if order in ORDERS else "name"
    zone = ZoneInfo(services().settings.portal.timezone)
    with reading() as session:
        rows = school_rows(session, time.time(), zone)
    found = [row for row in rows if words.casefold() in _names(row.school)]
    return render_template(
        "schools.html",
        rows=sorted(found, key=ORDERS[order]),
        all=len(rows),
        words=words,
        order=order,
    )


@blueprint.get("/new")
def form() -> ResponseReturnValue:
    """The form of a new school."""
    return _form({}, {})


@blueprint.post("/new")
def make() -> ResponseReturnValue:
    """Add a school and its first administrator; every fault is said beside its field."""
    said = typed.words(FIELDS)
    admin = said["admin"] if _admins_have_passwords() else ""
    try:
        with services().store.begin(viewer().tenant) as session:
            school, welcome = open_school(session, _wish(said), admin, said["admin_name"])
    except Invalid as invalid:
        return _form(said, invalid.errors), 422
    noted.about(f"school {school.slug}", school.id)
    return render_template("school_made.html", school=school, welcome=welcome)


@blueprint.get("/<school>")
def one(school: str) -> ResponseReturnValue:
    """One school: what it is called and may use, its templates, and what Slurm has of it."""
    with reading() as session:
        return _page(session, schools.get_school(session, school), {}, {})


@blueprint.post("/<school>")
def change(school: str) -> ResponseReturnValue:
    """Write down what a school is called and may use."""
    said = typed.words(FIELDS)
    try:
        with services().store.begin(viewer().tenant) as session:
            found = schools.get_school(session, school)
            change_school(session, found, _wish({**said, "slug": found.slug}))
    except Invalid as invalid:
        with reading() as session:
            found = schools.get_school(session, school)
            return _page(session, found, said, invalid.errors), 422
    flash(_("Written down. Slurm is told by: %(command)s", command=_command(found)))
    return _back(found)


@blueprint.post("/<school>/switch")
def switch(school: str) -> ResponseReturnValue:
    """Switch a school off, which ends its lessons, or on again. Its data stays."""
    on = request.form.get("on") == "on"
    with services().store.begin(viewer().tenant) as session:
        found = schools.get_school(session, school)
        ended = switch_school(session, found, on=on)
    flash(
        _("The school is switched on again.")
        if on
        else ngettext(
            "The school is switched off and nobody of it comes in. "
            "%(num)s lesson ended as if its bell rang; what trains keeps its best model.",
            "The school is switched off and nobody of it comes in. "
            "%(num)s lessons ended as if their bells rang; what trains keeps its best model.",
            ended,
        )
    )
    return _back(found)


@blueprint.post("/<school>/templates")
def templates(school: str) -> ResponseReturnValue:
    """Which templates a school uses."""
    known = [each.name for each in services().catalog.all()]
    with services().store.begin(viewer().tenant) as session:
        found = schools.get_school(session, school)
        schools.choose_templates(found, known, request.form.getlist("template"))
    flash(_("The school's templates are chosen."))
    return _back(found)


def _names(school: School) -> str:
    return f"{school.name} {school.slug} {school.slurm_account}".casefold()


def _wish(said: Mapping[str, str]) -> SchoolWish:
    return SchoolWish(
        slug=said["slug"],
        name=said["name"],
        slurm_account=said["slurm_account"],
        shares=typed.number(said["shares"]),
        share_hours=typed.number(said["share_hours"]),
        guaranteed=typed.number(said["guaranteed"]),
        partitions=typed.names(said["partitions"]),
    )


def _form(said: Mapping[str, str], errors: Mapping[str, Sequence[Message]]) -> str:
    return render_template(
        "school_new.html", typed=said, errors=errors, has_admin=_admins_have_passwords()
    )


def _page(
    session: Session,
    school: School,
    said: Mapping[str, str],
    errors: Mapping[str, Sequence[Message]],
) -> str:
    seen = session.get(ClusterView, VIEW)
    return render_template(
        "school.html",
        school=school,
        typed=said or _written(school),
        errors=errors,
        templates=services().catalog.all(),
        drift=drift_of(school, seen),
        seen_at=seen.seen_at if seen is not None else None,
        command=_command(school),
        open_lessons=len(open_lessons(session, school)),
    )


def _written(school: School) -> dict[str, str]:
    """The form of a school as it stands."""
    numbers = {name: getattr(school, name) for name in NUMBERS}
    return {
        "name": school.name,
        "slurm_account": school.slurm_account,
        **{name: "" if value is None else str(value) for name, value in numbers.items()},
        "partitions": ", ".join(school.partitions),
    }


def _admins_have_passwords() -> bool:
    return Role.SCHOOL_ADMIN in roles_with_passwords(services().settings.login)


def _command(school: School) -> str:
    return f"kesuan schools apply {school.slug}"


def _back(school: School) -> ResponseReturnValue:
    return redirect(url_for("schools.one", school=school.slug), 303)
