"""Data sets: look at what is there, bring in your own."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.datasets import manifest, reception, shelf
from portal.datasets.contents import Contents
from portal.datasets.shown import NOBODY, require_answer, who_is_shown
from portal.errors import Invalid, PortalError, TooLarge
from portal.language import N_
from portal.people.access import Action, may, require
from portal.people.classes import list_classes
from portal.runs.templates import templates_of
from portal.services import services
from portal.web.failures import status_of
from portal.web.login import reading, viewer
from portal.web.speech import say
from portal.web.uploads import takes_uploads

NAME_LETTERS = 80
# What the form's question is answered with; nothing is no answer.
ANSWERS = {"yes": True, "no": False}

blueprint = Blueprint("data", __name__, url_prefix="/data")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The data sets of the school and of the centre."""
    with reading() as session:
        return render_template(
            "data.html",
            data_sets=shelf.find(session, viewer()),
            may_upload=may(viewer(), Action.UPLOAD_DATA),
        )


@blueprint.get("/new")
def form() -> ResponseReturnValue:
    """The upload form."""
    require(viewer(), Action.UPLOAD_DATA)
    return _form({}, {})


@blueprint.post("/new")
@takes_uploads
def receive() -> ResponseReturnValue:
    """Take a file in, check it, and put it on the shelf. Every fault is said beside its field."""
    who, house = viewer(), services()
    require(who, Action.UPLOAD_DATA)
    fields = ("name", "label", "source", "personal", "class")
    typed = {name: request.form.get(name, "").strip() for name in fields}
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid.one("file", N_("Please choose a file."))
        name = typed["name"] or sent.filename.rpartition(".")[0][:NAME_LETTERS]
        # Asked before the file is looked at: what may not come in is not taken in first.
        with reading() as session:
            shown = who_is_shown(session, who, ANSWERS.get(typed["personal"]), typed["class"])
        taken = reception.take_in(house.settings, sent.stream, label=typed["label"] or None)
        require_answer(shown, taken.manifest.kind)
        with house.store.begin(who.tenant) as session:
            made = reception.shelve(
                session, who, taken, name, source=typed["source"] or None, shown=shown or NOBODY
            )
            made_id = made.id
    except Invalid as invalid:
        return _form(typed, invalid.errors), 422
    except TooLarge as large:
        return _form(typed, {"file": (large.message,)}), 413
    except PortalError as refused:
        return _form(typed, {refused.field or "file": (refused.message,)}), status_of(refused)
    flash(_("Your data set is ready."))
    return redirect(url_for("data.one", data_id=made_id), 303)


@blueprint.get("/<data_id>")
def one(data_id: str) -> ResponseReturnValue:
    """What is in a data set: rows and columns, or a contact sheet with counts."""
    with reading() as session:
        found = shelf.get(session, viewer(), data_id)
        fitting = [each for each in templates_of(services(), viewer()) if each.data == found.kind]
        about = manifest.parse(found.content.manifest)
        return render_template(
            "data_set.html",
            data=found,
            about=about,
            names={name: say(text) for name, text in about.class_names.items()},
            preview=_contents().preview(found.sha256),
            templates=fitting,
            may_remove=shelf.may_remove(viewer(), found),
        )


@blueprint.get("/<data_id>/contact-sheet")
def contact_sheet(data_id: str) -> ResponseReturnValue:
    """A picture of the pictures. It never changes: a data set is what its hash says."""
    with reading() as session:
        found = shelf.get(session, viewer(), data_id)
    if found.kind != "pictures":
        abort(HTTPStatus.NOT_FOUND)
    path = _contents().contact_sheet(found.sha256)
    response = Response(path.read_bytes(), mimetype="image/webp")
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


@blueprint.post("/<data_id>/remove")
def remove(data_id: str) -> ResponseReturnValue:
    """Take a data set off the shelf; refused while lessons or runs need it."""
    with services().store.begin(viewer().tenant) as session:
        shelf.remove(session, viewer(), shelf.get(session, viewer(), data_id))
    flash(_("The data set was removed."))
    return redirect(url_for("data.page"))


def _contents() -> Contents:
    return Contents(services().settings.data.root)


def _form(typed: dict[str, str], errors: object) -> str:
    limits = services().settings.data
    with reading() as session:
        rows = list_classes(session, viewer()) if viewer().school_id else []
        own = [row.school_class for row in rows]
    return render_template("data_new.html", typed=typed, errors=errors, limits=limits, classes=own)
