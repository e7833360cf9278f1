"""Lessons as people may see them: a seat those of its class, a school's people the school's."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.errors import Invalid, NotFound
from portal.language import N_
from portal.people.viewer import Viewer
from portal.runs.belonging import ENDED, OPEN, open_lesson_of_class
from portal.store.tables import DataSet, Lesson

MOST_ROWS = 200

__all__ = ["get_lesson", "lessons", "open_lesson_of_class"]


def get_lesson(session: Session, viewer: Viewer, lesson_id: str) -> Lesson:
    """A lesson with its class and data set; raises `NotFound`."""
    lesson = session.scalar(_visible(viewer).where(Lesson.id == lesson_id))
    if lesson is None:
        raise NotFound(N_("There is no such lesson."))
    return lesson


def lessons(
    session: Session,
    viewer: Viewer,
    *,
    class_id: str | None = None,
    state: str | None = None,
    limit: int = 50,
    before: str | None = None,
) -> list[Lesson]:
    """Lessons, newest first; `before` is the id of the last one of the page before.

    Raises `NotFound` for a `before` that the viewer cannot see, `Invalid` for an unknown state.
    """
    wanted = _visible(viewer)
    if class_id is not None:
        wanted = wanted.where(Lesson.class_id == class_id)
    if state is not None:
        if state not in (OPEN, ENDED):
            raise Invalid.one("state", N_("There is no such state."))
        wanted = wanted.where(Lesson.state == state)
    if before is not None:
        last = get_lesson(session, viewer, before)
        older = Lesson.created_at < last.created_at
        same = (Lesson.created_at == last.created_at) & (Lesson.id < last.id)
        wanted = wanted.where(or_(older, same))
    newest = wanted.order_by(Lesson.created_at.desc(), Lesson.id.desc())
    return list(session.scalars(newest.limit(min(max(limit, 1), MOST_ROWS))))


def _visible(viewer: Viewer) -> Select[Lesson]:
    found = select(Lesson).options(
        joinedload(Lesson.school_class),
        joinedload(Lesson.data_set).lazyload(DataSet.content),
    )
    return found.where(Lesson.class_id == viewer.class_id) if viewer.is_seat else found
