"""The classes of a school, and the lessons that each has had."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid
from portal.language import Message
from portal.lessons import queries as lessons
from portal.people import classes, codes
from portal.people.access import Action, may, require, require_school
from portal.privacy import terms
from portal.services import services
from portal.store.tables import School
from portal.web.login import reading, viewer

LESSONS = 30

blueprint = Blueprint("classes", __name__, url_prefix="/classes")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """All classes, with the lesson that is on."""
    require(viewer(), Action.SEE_CLASS)
    with reading() as session:
        now = time.time()
        rows = classes.list_classes(session, viewer())
        on = {
            row.school_class.id: lessons.open_lesson_of_class(session, row.school_class.id, now)
            for row in rows
        }
        may_make = may(viewer(), Action.MAKE_CLASS)
        return render_template("classes.html", rows=rows, on=on, now=now, may_make=may_make)


@blueprint.get("/new")
def form() -> ResponseReturnValue:
    """The form of a new class. Names that are pasted into the page stay in the browser."""
    require(viewer(), Action.MAKE_CLASS)
    return _form({}, {})


@blueprint.post("/new")
def make() -> ResponseReturnValue:
    """Add a class with its seats; every fault is said beside its field."""
    school_id = require_school(viewer(), Action.MAKE_CLASS)
    typed = {name: request.form.get(name, "").strip() for name in ("slug", "name", "seats")}
    try:
        seats = int(typed["seats"]) if typed["seats"].isdecimal() else 0
        with services().store.begin(viewer().tenant) as session:
            made, _none = classes.add_class(
                session,
                session.get_one(School, school_id),
                slug=typed["slug"],
                name=typed["name"],
                seats=seats,
                passwords=False,
            )
    except Invalid as invalid:
        return _form(typed, invalid.errors), 422
    flash(_("The class is there. Print its cards next."))
    return redirect(url_for("classes.one", class_id=made.id), 303)


@blueprint.get("/<class_id>")
def one(class_id: str) -> ResponseReturnValue:
    """One class: how it comes in, its seats and its lessons."""
    require(viewer(), Action.SEE_CLASS)
    with reading() as session:
        school_class = classes.get_class(session, viewer(), class_id)
        held = lessons.lessons(session, viewer(), class_id=school_class.id, limit=LESSONS)
        now = time.time()
        is_open = codes.is_open(session, school_class, now)
        settings, term = services().settings, terms.term_of(session, school_class)
        return render_template(
            "class.html",
            school_class=school_class,
            lessons=held,
            is_open=is_open,
            now=now,
            term=term,
            term_is_near=term is not None and terms.is_near(term, terms.today(settings, now)),
            gone_on=terms.goes_on(term, settings) if term is not None else None,
        )


def _form(typed: Mapping[str, str], errors: Mapping[str, Sequence[Message]]) -> str:
    return render_template("class_new.html", typed=typed, errors=errors, most=classes.MOST_SEATS)
