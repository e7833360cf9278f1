"""The classes of a school, and the lessons that each has had."""

from __future__ import annotations

import time

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.lessons import queries as lessons
from portal.people import classes, codes
from portal.people.access import Action, require
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
        return render_template("classes.html", rows=rows, on=on, now=now)


@blueprint.get("/<class_id>")
def one(class_id: str) -> ResponseReturnValue:
    """One class: how it comes in, its seats and its lessons."""
    require(viewer(), Action.SEE_CLASS)
    with reading() as session:
        school_class = classes.get_class(session, viewer(), class_id)
        held = lessons.lessons(session, viewer(), class_id=school_class.id, limit=LESSONS)
        now = time.time()
        is_open = codes.is_open(session, school_class, now)
        return render_template(
            "class.html", school_class=school_class, lessons=held, is_open=is_open, now=now
        )
