"""The page of one run: its curve as it grows, then what the model got right and wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.catalog import Template
from portal.errors import NotFound
from portal.people.viewer import Viewer
from portal.runs import changes, queries
from portal.runs.reasons import reason_of
from portal.runs.states import RunState
from portal.services import services
from portal.store.tables import Run
from portal.web.findings import Findings, findings_of, folder_of
from portal.web.keys import new_key
from portal.web.login import reading, viewer
from portal.web.places import back
from portal.web.speech import language, say

blueprint = Blueprint("runs", __name__, url_prefix="/runs")


@blueprint.get("/<run_id>")
def page(run_id: str) -> ResponseReturnValue:
    """Everything about a run that its owner or their teacher may see."""
    with reading() as session:
        run = queries.get_run(session, viewer(), run_id)
        return render_template("run.html", **about(run, viewer()))


@blueprint.get("/<run_id>/state")
def state(run_id: str) -> ResponseReturnValue:
    """The part of the page that moves while the run lives; asked for every two seconds."""
    with reading() as session:
        run = queries.get_run(session, viewer(), run_id)
        if RunState(run.state).final:
            # The results are on the page, not in the part.
            return Response(status=204, headers={"HX-Refresh": "true"})
        return render_template("fragments/run_state.html", **about(run, viewer()))


@blueprint.get("/<run_id>/metrics")
def metrics(run_id: str) -> ResponseReturnValue:
    """The points of the curve from an offset on, and the offset to ask from next."""
    with reading() as session:
        run = queries.get_run(session, viewer(), run_id)
        attempt, live = run.attempt, not RunState(run.state).final
    since = request.args.get("from", 0, type=int)
    points, offset = folder_of(run).metrics(attempt, max(0, since))
    return jsonify(attempt=attempt, points=points, next=offset, live=live)


@blueprint.get("/<run_id>/log")
def log(run_id: str) -> ResponseReturnValue:
    """The last lines that the program wrote."""
    with reading() as session:
        run = queries.get_run(session, viewer(), run_id)
        words = folder_of(run).log(run.attempt)
        return render_template("fragments/log.html", run=run, log=words, live=_live(run))


@blueprint.post("/<run_id>/cancel")
def cancel(run_id: str) -> ResponseReturnValue:
    """Stop this run."""
    if _change(run_id, lambda session, who, run: changes.cancel(session, who, [run])):
        flash(_("Stopping this training."))
    return redirect(back())


@blueprint.post("/<run_id>/finish")
def finish(run_id: str) -> ResponseReturnValue:
    """Ask the run to stop learning now and keep its best model."""
    if _change(run_id, lambda session, who, run: changes.finish_now(session, who, [run])):
        flash(_("Finishing now; the best model so far is kept."))
    return redirect(back())


@blueprint.post("/<run_id>/retry")
def retry(run_id: str) -> ResponseReturnValue:
    """Try a run that failed once more."""
    key = request.form.get("key")
    if _change(run_id, lambda session, who, run: changes.retry(session, who, [run], key=key)):
        flash(_("Trying again."))
    return redirect(back())


def about(run: Run, who: Viewer) -> dict[str, object]:
    """What the templates of a run need. The run's session must be open."""
    folder, template, live = folder_of(run), template_of(run), _live(run)
    return {
        "run": run,
        "template": template,
        "state": RunState(run.state),
        "live": live,
        "reason": reason_of(run.reason),
        "progress": folder.progress(run.attempt) if live else None,
        "actions": queries.actions_of(who, run),
        "findings": Findings.none() if live else findings_of(run, template),
        "curve": _curve(run, template, live) if template else None,
        "now": time.time(),
        "key": new_key(),
    }


def template_of(run: Run) -> Template | None:
    """The template of a run, or None where the site no longer has it."""
    try:
        return services().catalog.get(run.template)
    except NotFound:
        return None


def _live(run: Run) -> bool:
    return not RunState(run.state).final


def _change(run_id: str, change: Callable[[Session, Viewer, Run], tuple[Run, ...]]) -> bool:
    with services().store.begin(viewer().tenant) as session:
        run = queries.get_run(session, viewer(), run_id)
        return bool(change(session, viewer(), run))


def _curve(run: Run, template: Template, live: bool) -> dict[str, object]:
    """What the chart's script needs, in the reader's language."""
    curve = template.curve
    return {
        "url": url_for("runs.metrics", run_id=run.id),
        "live": live,
        "language": language(),
        "attempt": run.attempt,
        "x": curve.x,
        "xLabel": say(curve.x_label),
        "series": [
            {"name": each.name, "label": say(each.label), "axis": each.axis}
            for each in curve.series
        ],
    }
