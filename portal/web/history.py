"""Earlier runs, newest first."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal.people import classes
from portal.people.access import Action, may
from portal.runs import queries
from portal.runs.states import RunState
from portal.services import services
from portal.web.login import reading, viewer

PAGE = 50

blueprint = Blueprint("history", __name__)


@blueprint.get("/history")
def page() -> ResponseReturnValue:
    """A page of runs, by class, template and state."""
    wanted = {name: request.args.get(name) or None for name in ("class_id", "template", "state")}
    with reading() as session:
        found = queries.history(
            session, viewer(), limit=PAGE + 1, before=request.args.get("before"), **wanted
        )
        rows = classes.list_classes(session, viewer()) if may(viewer(), Action.SEE_CLASS) else []
        return render_template(
            "history.html",
            runs=found[:PAGE],
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            wanted=wanted,
            wanted_given={name: value for name, value in wanted.items() if value},
            classes=rows,
            templates=services().catalog.all(),
            states=tuple(RunState),
        )
