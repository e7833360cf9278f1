"""One run: a teacher's trial, or a pupil's Train."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.errors import Invalid, NotFound, PortalError
from portal.language import N_, Message
from portal.people.access import Action, require_school
from portal.people.viewer import Viewer
from portal.runs.belonging import require_open, require_room
from portal.runs.house import House
from portal.runs.once import claim, fingerprint
from portal.runs.plan import make_plan
from portal.runs.press import Press, press_all
from portal.runs.queries import get_run
from portal.runs.request import RunRequest, any_seed, new_run
from portal.store.tables import Lesson, Run, new_id

__all__ = ["RunRequest", "check_runs", "start_run"]


def start_run(
    session: Session, house: House, viewer: Viewer, request: RunRequest, *, key: str | None
) -> Run:
    """Write a run that the agent will submit; the same key a second time gives the same run.

    Raises `Invalid` with every fault by field, `NotAllowed`, `NotFound` (lesson), and `Conflict`
    where the lesson is over, the seat is busy or the person has enough under way.
    """
    school_id = require_school(viewer, Action.START_RUN)
    if viewer.is_seat:
        (pressed,) = press_all(session, house, [Press(viewer=viewer, request=request, key=key)])
        if isinstance(pressed, Exception):
            raise pressed
        return pressed.run

    run_id = new_id()
    if key is not None:
        asked = fingerprint("run", **asdict(request))
        before = claim(session, viewer, key, asked, {"run": run_id})
        if before is not None:
            return get_run(session, viewer, before["run"])
    run = _single_run(session, house, viewer, request)
    run.id, run.school_id = run_id, school_id
    session.add(run)
    session.flush()
    return run


def check_runs(
    session: Session, house: House, viewer: Viewer, requests: Sequence[RunRequest]
) -> None:
    """Look at runs that somebody is about to ask for, one by one, and start none.

    Raises `Invalid` with every fault of each, as `runs.<number>.<field>`, and `NotAllowed`.
    Whether there is room for all of them is found out when they are asked for.
    """
    require_school(viewer, Action.START_RUN)
    now = time.time()
    faults: dict[str, Sequence[Message]] = {}
    for number, request in enumerate(requests):
        for field, messages in _faults(session, house, viewer, request, now).items():
            faults[f"runs.{number}.{field}"] = messages
    if faults:
        raise Invalid(faults)


def _faults(
    session: Session, house: House, viewer: Viewer, request: RunRequest, now: float
) -> Mapping[str, Sequence[Message]]:
    try:
        if request.lesson_id is not None:
            require_open(_lesson(session, request.lesson_id), now)
        make_plan(session, house, viewer, request)
    except Invalid as wrong:
        return wrong.errors
    except PortalError as refused:
        return {"lesson": [refused.message]}
    return {}


def _single_run(session: Session, house: House, viewer: Viewer, request: RunRequest) -> Run:
    now = time.time()
    lesson = None if request.lesson_id is None else _lesson(session, request.lesson_id)
    if lesson is not None:
        require_open(lesson, now)
    plan = make_plan(session, house, viewer, request)
    require_room(session, viewer.user_id, 1)
    run = new_run(plan, owner_id=viewer.user_id, seed=any_seed(), now=now)
    if lesson is not None:
        run.lesson, run.ends_by = lesson, lesson.ends_at
    return run


def _lesson(session: Session, lesson_id: str) -> Lesson:
    lesson = session.scalar(
        select(Lesson).where(Lesson.id == lesson_id).options(joinedload(Lesson.data_set))
    )
    if lesson is None:
        raise NotFound(N_("There is no such lesson."))
    return lesson
