"""A pupil's seat: one column with my data, my settings, Train, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from portal.errors import Invalid, NotAllowed, PortalError
from portal.language import N_, Message
from portal.lessons import queries as lessons
from portal.runs import queries
from portal.runs.press import Press
from portal.runs.request import RunRequest
from portal.services import services
from portal.store.tables import Lesson, Run
from portal.web.failures import status_of
from portal.web.keys import new_key
from portal.web.login import reading, viewer
from portal.web.runs import about
from portal.web.speech import language
from portal.web.training_form import TrainingForm

EARLIER = 6

blueprint = Blueprint("seat", __name__, url_prefix="/seat")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The seat as it is: the newest run, and a form while the lesson is on."""
    _only_seats()
    with reading() as session:
        return _page(session, MultiDict(), {})


@blueprint.post("")
def train() -> ResponseReturnValue:
    """Train once more with other settings, in the lesson that is on."""
    _only_seats()
    try:
        with reading() as session:
            lesson = _lesson(session)
        if lesson is None:
            raise NotAllowed(N_("There is no lesson now. Ask your teacher to start one."))
        form = _form(lesson, request.form)
        wanted = RunRequest(
            template="",
            data="",
            share=None,
            parameters=form.parameters(),
            language=language(),
            lesson_id=lesson.id,
        )
        key = request.form.get("key") or None
        services().presses(Press(viewer=viewer(), request=wanted, key=key))
    except PortalError as refused:
        errors = refused.errors if isinstance(refused, Invalid) else {"": (refused.message,)}
        with reading() as session:
            return _page(session, request.form, errors), status_of(refused)
    return redirect(url_for("seat.page"), 303)


def _page(
    session: Session, typed: MultiDict[str, str], errors: Mapping[str, Sequence[Message]]
) -> str:
    made, lesson = queries.history(session, viewer(), limit=EARLIER), _lesson(session)
    newest = made[0] if made else None
    form = _form(lesson, typed or _settings_of(newest, lesson)) if lesson else None
    return render_template(
        "seat.html",
        lesson=lesson,
        form=form,
        fields=form.template.fields_for(viewer().role) if form else (),
        data=lesson.data_set if lesson else None,
        data_about=lesson.data_set.content.manifest if lesson else {},
        base=lesson.parameters if lesson else {},
        errors=errors,
        newest=about(newest, viewer()) if newest else None,
        earlier=made[1:],
        train_key=new_key(),
    )


def _only_seats() -> None:
    if not viewer().is_seat:
        raise NotAllowed(N_("This page is a pupil's seat."))


def _lesson(session: Session) -> Lesson | None:
    class_id = viewer().class_id
    return lessons.open_lesson_of_class(session, class_id, time.time()) if class_id else None


def _form(lesson: Lesson, typed: MultiDict[str, str]) -> TrainingForm:
    return TrainingForm(services().catalog.get(lesson.template), typed, language(), viewer().role)


def _settings_of(run: Run | None, lesson: Lesson | None) -> MultiDict[str, str]:
    """The last run's settings as if typed, so that a pupil goes on from where they were."""
    if run is None or lesson is None or run.template != lesson.template:
        return MultiDict()
    if run.data_set_id != lesson.data_set_id:
        return MultiDict()
    typed: MultiDict[str, str] = MultiDict({"sent": "1"})
    for name, value in run.parameters.items():
        if isinstance(value, list):
            typed.setlist(f"parameters.{name}", value)
        elif value is not False:
            typed[f"parameters.{name}"] = str(value)
    return typed
