"""The train form: what, with what, for whom and when, and whether it fits the lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from portal.accelerators import ShareOffer
from portal.catalog import Template
from portal.datasets import shelf
from portal.errors import Invalid, NotFound, PortalError
from portal.language import N_, Message
from portal.lessons import launch as lessons
from portal.lessons.fit import Fit, fit
from portal.people import classes
from portal.people.access import Action, require
from portal.runs import launch as runs
from portal.runs.templates import template_of
from portal.services import services
from portal.store.tables import DataSet
from portal.web.failures import status_of
from portal.web.keys import new_key
from portal.web.login import reading, viewer
from portal.web.speech import language
from portal.web.training_form import PREFIX, TrainingForm

blueprint = Blueprint("train", __name__, url_prefix="/train")

Errors = Mapping[str, Sequence[Message]]


@blueprint.get("/<template>")
def form(template: str) -> ResponseReturnValue:
    """The form with the template's defaults, or with what the address already chooses."""
    require(viewer(), Action.LAUNCH)
    form = _form(template, request.args)
    with reading() as session:
        return _page(session, form, {})


@blueprint.post("/<template>")
def start(template: str) -> ResponseReturnValue:
    """Launch a class or a single run; a fault comes back beside its field, all else kept."""
    require(viewer(), Action.LAUNCH)
    form = _form(template, request.form)
    if "look" in request.form:
        with reading() as session:
            return _page(session, form, {})
    house, key = services(), request.form.get("key") or None
    try:
        with house.store.begin(viewer().tenant) as session:
            if form.alone:
                run = runs.start_run(session, house, viewer(), form.for_one(), key=key)
                address = url_for("runs.page", run_id=run.id)
            else:
                made = lessons.launch(session, house, viewer(), form.for_class(), key=key)
                address = url_for("lessons.page", lesson_id=made.id)
    except PortalError as refused:
        errors = refused.errors if isinstance(refused, Invalid) else {"": (refused.message,)}
        with reading() as session:
            return _page(session, form, errors), status_of(refused)
    return redirect(address, 303)


@blueprint.post("/<template>/fit")
def fitting(template: str) -> ResponseReturnValue:
    """Whether the choices fit the lesson: the fragment with the button."""
    require(viewer(), Action.LAUNCH)
    form = _form(template, request.form)
    with reading() as session:
        seen, errors = _fit(session, form)
    return render_template("fragments/fit.html", form=form, fit=seen, errors=errors)


@blueprint.post("/<template>/settings")
def settings(template: str) -> ResponseReturnValue:
    """The template's settings for another data set: its columns are choices of their own."""
    require(viewer(), Action.LAUNCH)
    form = _form(template, request.form)
    with reading() as session:
        data = _chosen(shelf.find(session, viewer(), form.template.data), form)
        return render_template("fragments/settings.html", **_settings(form, data, {}))


def _form(template: str, typed: MultiDict[str, str]) -> TrainingForm:
    found = template_of(services(), viewer(), template)
    return TrainingForm(found, typed, language(), viewer().role)


def _page(session: Session, form: TrainingForm, errors: Errors) -> str:
    house, who = services(), viewer()
    sets = shelf.find(session, who, form.template.data)
    rows = classes.list_classes(session, who)
    data = _chosen(sets, form)
    defaults = MultiDict(form.typed)
    if data is not None:
        defaults["data"] = data.id
    if not defaults.get("whom"):
        defaults["whom"] = rows[0].school_class.id if rows else "me"
    form = replace(form, typed=defaults)
    # A fresh form says whether it fits before anything was chosen; faults are shown when sent.
    seen, _faults = _fit(session, form) if not errors else (None, {})
    return render_template(
        "train.html",
        **_settings(form, data, errors),
        data_sets=sets,
        classes=rows,
        offers=_offers(form.template, house.accelerator.offered()),
        fit=seen,
        key=new_key(),
    )


def _settings(form: TrainingForm, data: DataSet | None, errors: Errors) -> dict[str, Any]:
    return {
        "form": form,
        "template": form.template,
        "data": data,
        "about": data.content.manifest if data is not None else {},
        "errors": errors,
        "settings_wrong": any(name.startswith(PREFIX) for name in errors),
        "fields": form.template.fields_for(viewer().role),
    }


def _fit(session: Session, form: TrainingForm) -> tuple[Fit | None, Errors]:
    if form.alone:
        return None, {}
    try:
        return fit(session, services(), viewer(), form.for_class()), {}
    except Invalid as invalid:
        return None, invalid.errors
    except PortalError as refused:
        return None, {"": (refused.message,)}


def _chosen(sets: Sequence[DataSet], form: TrainingForm) -> DataSet | None:
    """The data set that was chosen, else the template's sample, else the first."""
    wanted = form.text("data")
    if wanted:
        found = [each for each in sets if wanted in (each.id, each.slug)]
        if not found:
            raise NotFound(N_("There is no such data set."))
        return found[0]
    own = [each for each in sets if each.slug == form.template.sample]
    return next(iter(own + list(sets)), None)


def _offers(template: Template, offered: Sequence[ShareOffer]) -> list[ShareOffer]:
    """The shares that the template can use and the site can give, smallest first."""
    fitting = [each for each in offered if each.eighths in template.resources.shares]
    return fitting or list(offered)
