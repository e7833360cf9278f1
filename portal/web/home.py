"""The first page: each of the three kinds of people starts somewhere else."""

from __future__ import annotations

import time

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.lessons import queries as lessons
from portal.people import classes
from portal.runs import queries as runs
from portal.web.login import reading, viewer

RECENT = 8

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """A teacher's desk; pupils go to their seat and staff to the cluster."""
    if viewer().is_seat:
        return redirect(url_for("seat.page"))
    if viewer().is_staff:
        return redirect(url_for("cluster.page"))
    with reading() as session:
        return render_template(
            "home.html",
            lessons=lessons.lessons(session, viewer(), limit=RECENT),
            classes=classes.list_classes(session, viewer()),
            runs=runs.history(session, viewer(), limit=RECENT),
            now=time.time(),
        )
