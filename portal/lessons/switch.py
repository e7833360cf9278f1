"""A school switched off, which ends its lessons as their bells would, or on again."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.lessons.bell import ring_out
from portal.runs import changes
from portal.runs.belonging import OPEN
from portal.runs.states import LIVE
from portal.store.tables import Lesson, Run, School


def switch_school(session: Session, school: School, *, on: bool) -> int:
    """Switch a school off or on again; how many lessons ended.

    Off, its open lessons end as if the bell rang now: what trains keeps its best model. What it
    trains outside of lessons is stopped by the centre's hand. The session sees everyone.
    """
    school.active = on
    if on:
        return 0
    live = select(Run).where(Run.school_id == school.id, Run.state.in_(LIVE))
    # All at once, for they are locked in the order of their ids and not lesson by lesson.
    runs = changes.lock(session, session.scalars(live).all())
    lessons, now = open_lessons(session, school), time.time()
    for lesson in lessons:
        ring_out(session, lesson, now)
    changes.stop([run for run in runs if run.lesson_id is None], changes.BY_CENTRE)
    return len(lessons)


def open_lessons(session: Session, school: School) -> Sequence[Lesson]:
    """The lessons that end where the school is switched off now."""
    own = select(Lesson).where(Lesson.school_id == school.id, Lesson.state == OPEN)
    return session.scalars(own.order_by(Lesson.id)).all()
