"""The one button of a lesson: forty runs and their lesson in one transaction."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import Conflict
from portal.language import N_
from portal.lessons.draft import Draft, LessonRequest, make_draft
from portal.lessons.queries import get_lesson
from portal.people.access import Action, require_school
from portal.people.viewer import Viewer
from portal.runs.belonging import ENDED, OPEN, open_lesson_of_class
from portal.runs.house import House
from portal.runs.once import fingerprint, once
from portal.runs.request import new_run
from portal.runs.states import LIVE
from portal.store.tables import Lesson, Run, SchoolClass

SECONDS_PER_MINUTE = 60
# Every seat's seed is this far below the largest, so that adding a seat's number stays in range.
SEEDS = 2**31 - 1_000

__all__ = ["LessonRequest", "launch"]


def launch(
    session: Session, house: House, viewer: Viewer, request: LessonRequest, *, key: str | None
) -> Lesson:
    """Open a lesson with a waiting run for every seat; the agent sends them as one array job.

    The same key a second time gives the same lesson. Raises `NotAllowed`, `Invalid` with every
    fault by field, and `Conflict` where the class is in a lesson that still trains.
    """
    school_id = require_school(viewer, Action.LAUNCH)

    def make() -> dict[str, Any]:
        draft = make_draft(session, house, viewer, request)
        now = time.time()
        _end_the_last(session, draft.school_class, now)
        return {"lesson": _write(session, viewer, school_id, draft, now).id}

    made, _ = once(session, viewer, key, fingerprint("lesson", **asdict(request)), make)
    return get_lesson(session, viewer, made["lesson"])


def _end_the_last(session: Session, school_class: SchoolClass, now: float) -> None:
    """End a lesson of the class in which nothing trains; raise `Conflict` where something does.

    The class is locked, so that of two teachers at the same moment the second is told.
    """
    session.execute(
        select(SchoolClass.id).where(SchoolClass.id == school_class.id).with_for_update()
    )
    last = open_lesson_of_class(session, school_class.id, now)
    if last is None:
        return
    live = select(Run.id).where(Run.lesson_id == last.id, Run.state.in_(LIVE)).limit(1)
    if session.scalar(live) is not None:
        raise Conflict(
            N_(
                "Class {name} is in a lesson that still trains. Stop it first.",
                name=school_class.name,
            )
        )
    last.state, last.ends_at = ENDED, now


def _write(session: Session, viewer: Viewer, school_id: str, draft: Draft, now: float) -> Lesson:
    plan = draft.plan
    lesson = Lesson(
        school_id=school_id,
        class_id=draft.school_class.id,
        owner_id=viewer.user_id,
        template=plan.template.name,
        data_set_id=plan.data_set.id,
        eighths=plan.eighths,
        parameters=plan.parameters,
        state=OPEN,
        starts_at=now,
        ends_at=now + draft.minutes * SECONDS_PER_MINUTE,
        created_at=now,
    )
    session.add(lesson)
    session.flush()
    seed = secrets.randbelow(SEEDS)
    for seat in draft.seats:
        run = new_run(plan, owner_id=seat.user_id, seed=seed + seat.number, now=now)
        run.school_id, run.lesson_id, run.seat_id = school_id, lesson.id, seat.id
        run.ends_by = lesson.ends_at
        session.add(run)
    session.flush()
    return lesson
