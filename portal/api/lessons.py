"""Lessons: launch a class, look on, stop it, try the failed seats again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.api.answered import answer
from portal.api.door import viewer
from portal.api.lesson_shape import LessonsSchema, WholeLessonSchema, listed, whole
from portal.api.noun import Noun
from portal.api.pages import PageSchema, page_of
from portal.api.reader import language
from portal.api.run_shape import ChangedRunsSchema
from portal.api.runs import changed
from portal.api.values import AtMost, Between, OneOf, Whole
from portal.lessons import control, queries, seatmap
from portal.lessons.launch import LessonRequest
from portal.lessons.launch import launch as launch_lesson
from portal.people.scopes import Scope
from portal.runs.belonging import ENDED, OPEN
from portal.services import services
from portal.store.tables import Lesson, Run

noun = Noun("lessons", "A class that trains.")
MOST_SEATS = 200


class NewLessonSchema(ma.Schema):
    """Who trains what, with what, and until when."""

    class_ = ma.fields.String(
        required=True,
        data_key="class",
        validate=AtMost(64, 1),
        metadata={"description": "Id or slug.", "example": "7-2"},
    )
    template = ma.fields.String(
        required=True, validate=AtMost(64, 1), metadata={"example": "image-classifier"}
    )
    data = ma.fields.String(
        required=True, validate=AtMost(255, 1), metadata={"description": "Id or name."}
    )
    share = Whole(
        load_default=None,
        allow_none=True,
        metadata={"description": "Eighths of a GPU, 0 for none; else the template's default."},
    )
    parameters = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)
    minutes = Whole(
        required=True,
        validate=Between(1, 1440),
        metadata={"description": "From now to the bell."},
    )
    seats = ma.fields.List(
        Whole(validate=Between(1, MOST_SEATS)),
        load_default=None,
        allow_none=True,
        validate=AtMost(MOST_SEATS, 1),
        metadata={"description": "Numbers of the seats that train; without it, all."},
    )


class LessonFilterSchema(PageSchema):
    """Which lessons."""

    class_ = ma.fields.String(load_default=None, data_key="class", validate=AtMost(64))
    state = ma.fields.String(load_default=None, validate=OneOf([OPEN, ENDED]))


def request_of(body: dict[str, Any]) -> LessonRequest:
    """What a body asks for."""
    return LessonRequest(
        school_class=body["class_"],
        template=body["template"],
        data=body["data"],
        share=body["share"],
        parameters=body["parameters"],
        minutes=body["minutes"],
        seats=tuple(body["seats"]) if body["seats"] is not None else None,
        language=language(),
    )


@noun.reads("/lessons", LessonsSchema, query=LessonFilterSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the lessons of one's school."""
    with services().store.reading(viewer().tenant) as session:
        found = queries.lessons(
            session,
            viewer(),
            class_id=query["class_"],
            state=query["state"],
            limit=query["limit"] + 1,
            before=query["before"],
        )
        return page_of(found, query["limit"], listed)


@noun.reads("/lessons/<lesson_id>", WholeLessonSchema)
def show(lesson_id: str) -> dict[str, Any]:
    """Show a lesson and its seats as they are now."""
    with services().store.reading(viewer().tenant) as session:
        return _whole(session, queries.get_lesson(session, viewer(), lesson_id))


@noun.changes(
    "/lessons", WholeLessonSchema, Scope.TRAIN, body=NewLessonSchema, status=201, keyed=True
)
def launch(body: dict[str, Any], headers: dict[str, Any]) -> Any:
    """Launch a class: one run for each seat, which go to Slurm as one array job."""
    request, house, key = request_of(body), services(), headers["key"]

    def make(session: Session) -> dict[str, Any]:
        return _whole(session, launch_lesson(session, house, viewer(), request, key=key))

    return answer(make, status=201)


@noun.changes("/lessons/<lesson_id>/cancel", ChangedRunsSchema, Scope.TRAIN)
def cancel(lesson_id: str) -> dict[str, Any]:
    """Stop every run of a lesson."""
    return _change(lesson_id, control.stop_all)


@noun.changes("/lessons/<lesson_id>/finish", ChangedRunsSchema, Scope.TRAIN)
def finish(lesson_id: str) -> dict[str, Any]:
    """Ring the bell now: running ones keep their best model, waiting ones are cancelled."""
    return _change(lesson_id, control.finish)


@noun.changes("/lessons/<lesson_id>/retry", ChangedRunsSchema, Scope.TRAIN, keyed=True)
def retry(headers: dict[str, Any], lesson_id: str) -> Any:
    """Try the seats that failed or were lost again."""
    who, key = viewer(), headers["key"]

    def make(session: Session) -> dict[str, Any]:
        lesson = queries.get_lesson(session, who, lesson_id)
        return changed(who, control.retry_failed(session, who, lesson, key=key))

    return answer(make, status=200)


def _change(lesson_id: str, change: Callable[..., tuple[Run, ...]]) -> dict[str, Any]:
    with services().store.begin(viewer().tenant) as session:
        lesson = queries.get_lesson(session, viewer(), lesson_id)
        return changed(viewer(), change(session, viewer(), lesson))


def _whole(session: Session, lesson: Lesson) -> dict[str, Any]:
    seats = seatmap.snapshot(session, services(), lesson.id)
    ids = [tile.run_id for tile in seats.tiles if tile.run_id is not None]
    runs = session.scalars(select(Run).where(Run.id.in_(ids)).options(joinedload(Run.batch)))
    return whole(lesson, seats, {run.id: run for run in runs}, viewer())
