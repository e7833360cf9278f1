"""A school's classes from one list. Names that stand in the list never leave the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from portal.errors import Invalid
from portal.language import Message
from portal.people.access import Action, require, require_school
from portal.people.classes import MOST_SEATS
from portal.people.rosters import MOST_CLASSES, ClassWish, add_classes
from portal.services import services
from portal.store.tables import School
from portal.web import noted, typed
from portal.web.login import viewer

FIELDS = ("name", "slug", "seats")
# For whoever has no scripts; with them there are as many as the list has classes.
EMPTY_ROWS = 3

blueprint = Blueprint("rosters", __name__, url_prefix="/classes/several")

Row = Mapping[str, str]


@blueprint.get("")
def form() -> ResponseReturnValue:
    """A list to paste or a file to choose, and a row for each class of it."""
    require(viewer(), Action.MAKE_CLASS)
    return _form([], {})


@blueprint.post("")
def make() -> ResponseReturnValue:
    """Add all classes or none; every fault is said beside its field."""
    school_id = require_school(viewer(), Action.MAKE_CLASS)
    rows = _rows()
    wishes = [
        ClassWish(name=row["name"], slug=row["slug"], seats=typed.number(row["seats"]) or 0)
        for row in rows
    ]
    try:
        with services().store.begin(viewer().tenant) as session:
            made = add_classes(session, session.get_one(School, school_id), wishes)
    except Invalid as invalid:
        return _form(rows, invalid.errors), 422
    noted.about(f"classes {' '.join(each.slug for each in made)}"[:255], school_id)
    flash(
        ngettext(
            "%(num)s class is there. Print its cards next.",
            "%(num)s classes are there. Print their cards next.",
            len(made),
        )
    )
    return redirect(url_for("classes.page"), 303)


def _rows() -> list[Row]:
    """The rows that somebody wrote something into."""
    columns = [request.form.getlist(name) for name in FIELDS]
    rows = [
        {name: cell.strip() for name, cell in zip(FIELDS, cells, strict=True)}
        for cells in zip(*columns, strict=False)
    ]
    return [row for row in rows if any(row.values())]


def _form(rows: Sequence[Row], errors: Mapping[str, Sequence[Message]]) -> str:
    return render_template(
        "classes_several.html",
        rows=rows or [dict.fromkeys(FIELDS, "")] * EMPTY_ROWS,
        errors=errors,
        most_seats=MOST_SEATS,
        most=MOST_CLASSES,
    )
