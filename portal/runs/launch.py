"""One run: a teacher's trial, or a pupil's Train in the lesson that the class is in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.errors import Conflict, NotFound
from portal.language import N_
from portal.people.access import Action, require_school
from portal.people.viewer import Viewer
from portal.runs.belonging import (
    open_lesson_of_class,
    require_free_seat,
    require_open,
    require_room,
)
from portal.runs.house import House
from portal.runs.once import claim, fingerprint
from portal.runs.plan import Faults, Plan, Wish, make_plan
from portal.runs.queries import get_run
from portal.runs.states import RunState
from portal.store.tables import Lesson, Run, new_id

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A run that is asked for.

    `data` is a data set's id or name. None for share or minutes asks for the template's default.
    A seat may leave template, data and share empty: they are those of its lesson.
    """

    template: str
    data: str
    share: int | None
    parameters: Mapping[str, Any]
    language: str
    minutes: int | None = None
    lesson_id: str | None = None


def start_run(
    session: Session, house: House, viewer: Viewer, request: RunRequest, *, key: str | None
) -> Run:
    """Write a run that the agent will submit; the same key a second time gives the same run.

    Raises `Invalid` with every fault by field, `NotAllowed`, `NotFound` (lesson), and `Conflict`
    where the lesson is over, the seat is busy or the person has enough under way.
    """
    school_id = require_school(viewer, Action.START_RUN)

    run_id = new_id()
    if key is not None:
        asked = fingerprint("run", **asdict(request))
        before = claim(session, viewer, key, asked, {"run": run_id})
        if before is not None:
            return get_run(session, viewer, before["run"])
    make = _seats_run if viewer.is_seat else _single_run
    run = make(session, house, viewer, request)
    run.id, run.school_id = run_id, school_id
    session.add(run)
    session.flush()
    return run


def new_run(plan: Plan, *, owner_id: str, seed: int, now: float) -> Run:
    """A waiting run of a plan; whoever asks adds what it belongs to."""
    return Run(
        owner_id=owner_id,
        template=plan.template.name,
        template_version=plan.template.version,
        data_set=plan.data_set,
        parameters=plan.parameters,
        language=plan.language,
        seed=seed,
        eighths=plan.eighths,
        minutes=plan.minutes,
        state=RunState.WAITING.value,
        created_at=now,
    )


def _single_run(session: Session, house: House, viewer: Viewer, request: RunRequest) -> Run:
    now = time.time()
    lesson = None if request.lesson_id is None else _lesson(session, request.lesson_id)
    if lesson is not None:
        require_open(lesson, now)
    plan = make_plan(session, house, viewer, _wish(request))
    require_room(session, viewer.user_id, 1)
    run = new_run(plan, owner_id=viewer.user_id, seed=secrets.randbelow(LARGEST_SEED), now=now)
    if lesson is not None:
        run.lesson, run.ends_by = lesson, lesson.ends_at
    return run


def _seats_run(session: Session, house: House, viewer: Viewer, request: RunRequest) -> Run:
    """A pupil's run: in the lesson of the class, with what the teacher left open."""
    now = time.time()
    lesson = _seats_lesson(session, viewer, request, now)
    faults = _not_the_lessons(lesson, request)
    wish = replace(
        _wish(request),
        template=lesson.template,
        data=lesson.data_set_id,
        share=lesson.eighths,
    )
    plan = make_plan(
        session,
        house,
        viewer,
        wish,
        base=lesson.parameters,
        faults=faults,
        data_set=lesson.data_set,
    )
    if request.minutes is None:
        # As long as the class's own runs may take: the lesson bounds both.
        plan = replace(plan, minutes=plan.template.resources.minutes)
    seat = require_free_seat(session, viewer.seat_id or "", lesson.id)
    run = new_run(plan, owner_id=viewer.user_id, seed=secrets.randbelow(LARGEST_SEED), now=now)
    run.lesson, run.seat, run.ends_by = lesson, seat, lesson.ends_at
    return run


def _seats_lesson(session: Session, viewer: Viewer, request: RunRequest, now: float) -> Lesson:
    if request.lesson_id is not None:
        lesson = _lesson(session, request.lesson_id)
        if lesson.class_id != viewer.class_id:
            raise NotFound(N_("There is no such lesson."))
        require_open(lesson, now)
        return lesson
    current = open_lesson_of_class(session, viewer.class_id or "", now)
    if current is None:
        raise Conflict(N_("Your class has no lesson just now. Wait for your teacher."))
    return current


def _not_the_lessons(lesson: Lesson, request: RunRequest) -> Faults:
    """What a pupil may not choose: the lesson has chosen it."""
    data = {"", lesson.data_set_id, lesson.data_set.slug}
    faults: Faults = {}
    if request.template not in ("", lesson.template):
        faults["template"] = [N_("In this lesson the template is the teacher's choice.")]
    if request.data not in data:
        faults["data"] = [N_("In this lesson the data is the teacher's choice.")]
    if request.share not in (None, lesson.eighths):
        faults["share"] = [N_("In this lesson the share is the teacher's choice.")]
    return faults


def _lesson(session: Session, lesson_id: str) -> Lesson:
    lesson = session.scalar(
        select(Lesson).where(Lesson.id == lesson_id).options(joinedload(Lesson.data_set))
    )
    if lesson is None:
        raise NotFound(N_("There is no such lesson."))
    return lesson


def _wish(request: RunRequest) -> Wish:
    return Wish(
        template=request.template,
        data=request.data,
        share=request.share,
        parameters=request.parameters,
        language=request.language,
        minutes=request.minutes,
    )
