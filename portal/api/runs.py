"""Runs: start one, look at it, stop it, try again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from portal.api.answered import answer, answered
from portal.api.door import viewer
from portal.api.noun import Noun
from portal.api.pages import PageSchema, page_of
from portal.api.reader import language
from portal.api.run_shape import ChangedRunsSchema, RunSchema, RunsSchema, shown
from portal.api.values import AtMost, Between, OneOf, Whole
from portal.people.scopes import Scope
from portal.people.viewer import Viewer
from portal.runs import changes, queries
from portal.runs.launch import RunRequest, check_runs, start_run
from portal.runs.press import Press
from portal.runs.states import RunState
from portal.services import services
from portal.store.tables import Run

noun = Noun("runs", "Trainings, one by one.")
MOST_CHECKED = 100


class NewRunSchema(ma.Schema):
    """What to train."""

    template = ma.fields.String(load_default="", validate=AtMost(64))
    data = ma.fields.String(
        load_default="", validate=AtMost(255), metadata={"description": "Id or name."}
    )
    share = Whole(
        load_default=None,
        allow_none=True,
        metadata={"description": "Eighths of a GPU, 0 for none; else the template's default."},
    )
    parameters = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)
    minutes = Whole(
        load_default=None,
        allow_none=True,
        validate=Between(1, 1440),
        metadata={"description": "Time limit; else the template's default."},
    )
    lesson = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=AtMost(64),
        metadata={
            "description": "The lesson that it belongs to. A seat trains in its class's open "
            "lesson, and may leave out what the lesson says: template, data, share."
        },
    )


class RunsToCheckSchema(ma.Schema):
    """Runs that somebody is about to start."""

    runs = ma.fields.List(
        ma.fields.Nested(NewRunSchema), required=True, validate=AtMost(MOST_CHECKED, 1)
    )


class CheckedSchema(ma.Schema):
    """How many were looked at; all of them may be started."""

    checked = ma.fields.Integer(required=True)


class RunFilterSchema(PageSchema):
    """Which runs."""

    lesson = ma.fields.String(load_default=None, validate=AtMost(64))
    class_ = ma.fields.String(load_default=None, data_key="class", validate=AtMost(64))
    template = ma.fields.String(load_default=None, validate=AtMost(64))
    state = ma.fields.String(load_default=None, validate=OneOf([state.value for state in RunState]))


@noun.reads("/runs", RunsSchema, query=RunFilterSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List runs: a seat its own, everybody else those of the school."""
    with services().store.reading(viewer().tenant) as session:
        found = queries.history(
            session,
            viewer(),
            limit=query["limit"] + 1,
            before=query["before"],
            class_id=query["class_"],
            lesson_id=query["lesson"],
            template=query["template"],
            state=query["state"],
        )
        return page_of(found, query["limit"], lambda run: shown(viewer(), run))


@noun.reads("/runs/<run_id>", RunSchema)
def show(run_id: str) -> dict[str, Any]:
    """Show a run."""
    with services().store.reading(viewer().tenant) as session:
        return shown(viewer(), queries.get_run(session, viewer(), run_id))


@noun.changes("/runs", RunSchema, Scope.TRAIN, body=NewRunSchema, status=201, keyed=True)
def start(body: dict[str, Any], headers: dict[str, Any]) -> Any:
    """Start a run."""
    request = _request(body)
    house, who, key = services(), viewer(), headers["key"]
    if who.is_seat:
        pressed = house.presses(Press(viewer=who, request=request, key=key))
        return answered(shown(who, pressed.run), status=201, again=pressed.again)

    def make(session: Session) -> dict[str, Any]:
        return shown(who, start_run(session, house, who, request, key=key))

    return answer(make, status=201)


@noun.changes("/check", CheckedSchema, Scope.READ, body=RunsToCheckSchema)
def check(body: dict[str, Any]) -> dict[str, Any]:
    """Check runs that are about to be started, and start none: every fault of each at once."""
    requests = [_request(each) for each in body["runs"]]
    with services().store.reading(viewer().tenant) as session:
        check_runs(session, services(), viewer(), requests)
    return {"checked": len(requests)}


@noun.changes("/runs/<run_id>/cancel", ChangedRunsSchema, Scope.TRAIN)
def cancel(run_id: str) -> dict[str, Any]:
    """Stop a run. Harmless where it has ended."""
    return _change(run_id, changes.cancel)


@noun.changes("/runs/<run_id>/finish", ChangedRunsSchema, Scope.TRAIN)
def finish(run_id: str) -> dict[str, Any]:
    """Ask a run to finish now and keep its best model."""
    return _change(run_id, changes.finish_now)


@noun.changes("/runs/<run_id>/retry", ChangedRunsSchema, Scope.TRAIN, keyed=True)
def retry(headers: dict[str, Any], run_id: str) -> Any:
    """Try a run that ended without success again, as its next attempt."""
    who, key = viewer(), headers["key"]

    def make(session: Session) -> dict[str, Any]:
        found = queries.get_run(session, who, run_id)
        return changed(who, changes.retry(session, who, [found], key=key))

    return answer(make, status=200)


def changed(who: Viewer, runs: tuple[Run, ...]) -> dict[str, Any]:
    """The answer to a request that changes runs."""
    return {"changed": [shown(who, run) for run in runs]}


def _request(body: dict[str, Any]) -> RunRequest:
    return RunRequest(
        template=body["template"],
        data=body["data"],
        share=body["share"],
        parameters=body["parameters"],
        language=language(),
        minutes=body["minutes"],
        lesson_id=body["lesson"],
    )


def _change(run_id: str, change: Callable[..., tuple[Run, ...]]) -> dict[str, Any]:
    with services().store.begin(viewer().tenant) as session:
        found = queries.get_run(session, viewer(), run_id)
        return changed(viewer(), change(session, viewer(), [found]))
