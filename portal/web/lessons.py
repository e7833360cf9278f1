"""The class page: forty seats, what they do, and what a teacher can do about it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.lessons import control
from portal.lessons import queries as lessons
from portal.people.access import Action, require
from portal.results.folder import RunFolder
from portal.results.takehome import zip_stream
from portal.runs import queries as runs
from portal.services import services
from portal.web.broadcast import broadcaster
from portal.web.keys import new_key
from portal.web.login import ends_at, reading, viewer
from portal.web.speech import language

blueprint = Blueprint("lessons", __name__, url_prefix="/lessons")


@blueprint.get("/<lesson_id>")
def page(lesson_id: str) -> ResponseReturnValue:
    """The seat map as it is now; a script keeps it moving."""
    require(viewer(), Action.SEE_CLASS)
    with reading() as session:
        lesson = lessons.get_lesson(session, viewer(), lesson_id)
        seen = broadcaster().latest(lesson.id).picture.in_language(language())
        return render_template("lesson.html", lesson=lesson, map=seen, key=new_key())


@blueprint.get("/<lesson_id>/snapshot")
def snapshot(lesson_id: str) -> ResponseReturnValue:
    """The seat map as JSON, for browsers that get no events; 304 while nothing has changed."""
    _may_watch(lesson_id)
    frame = broadcaster().latest(lesson_id)
    response = Response(frame.bytes_for(language()), mimetype="application/json")
    response.set_etag(f"{frame.version}-{language()}")
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@blueprint.get("/<lesson_id>/events")
def events(lesson_id: str) -> ResponseReturnValue:
    """The seat map as server-sent events, until it is over or the login ends."""
    _may_watch(lesson_id)
    stream = broadcaster().listen(lesson_id, language(), ends_at())
    # nginx would hold the events back to fill its buffer.
    return Response(stream, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


@blueprint.post("/<lesson_id>/cancel")
def cancel(lesson_id: str) -> ResponseReturnValue:
    """Stop every seat."""
    with services().store.begin(viewer().tenant) as session:
        lesson = lessons.get_lesson(session, viewer(), lesson_id)
        stopped = len(control.stop_all(session, viewer(), lesson))
    flash(ngettext("Stopping %(num)s seat.", "Stopping %(num)s seats.", stopped))
    return redirect(url_for("lessons.page", lesson_id=lesson_id))


@blueprint.post("/<lesson_id>/retry")
def retry(lesson_id: str) -> ResponseReturnValue:
    """Train again on the seats that failed, and on no other."""
    with services().store.begin(viewer().tenant) as session:
        lesson = lessons.get_lesson(session, viewer(), lesson_id)
        again = control.retry_failed(session, viewer(), lesson, key=request.form.get("key"))
    flash(ngettext("Trying %(num)s seat again.", "Trying %(num)s seats again.", len(again)))
    return redirect(url_for("lessons.page", lesson_id=lesson_id))


@blueprint.post("/<lesson_id>/finish")
def finish(lesson_id: str) -> ResponseReturnValue:
    """Ring the bell now: what trains keeps its best model."""
    with services().store.begin(viewer().tenant) as session:
        lesson = lessons.get_lesson(session, viewer(), lesson_id)
        control.finish(session, viewer(), lesson)
    flash(_("The bell has rung. Seats that were training keep their best model."))
    return redirect(url_for("lessons.page", lesson_id=lesson_id))


@blueprint.get("/<lesson_id>/takehome.zip")
def takehome(lesson_id: str) -> ResponseReturnValue:
    """What every seat has made, in one archive."""
    require(viewer(), Action.SEE_CLASS)
    root = services().settings.data.root
    with reading() as session:
        lesson = lessons.get_lesson(session, viewer(), lesson_id)
        made = runs.history(session, viewer(), lesson_id=lesson.id, state="succeeded", limit=1000)
        entries = [
            (f"seat-{run.seat.number:02}" if run.seat else run.id, RunFolder(root, run.id), run)
            for run in reversed(made)
        ]
        # A seat that has trained twice takes its newest model home.
        newest = {name: (name, folder, run.attempt) for name, folder, run in entries}
        name = f"{lesson.school_class.slug}.zip"
    response = Response(zip_stream(newest.values()), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _may_watch(lesson_id: str) -> None:
    require(viewer(), Action.SEE_CLASS)
    with reading() as session:
        lessons.get_lesson(session, viewer(), lesson_id)
