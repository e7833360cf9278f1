"""Does it fit? What a launch would take of the lesson, said before anybody presses the button."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import catalog
from portal.language import N_, Message
from portal.lessons.draft import LessonRequest, make_draft
from portal.lessons.rate import seconds_per_step
from portal.lessons.shares import EIGHTHS, shares_of
from portal.people.access import Action, require_school
from portal.people.viewer import Viewer
from portal.runs.house import House

# What Slurm and the portal take to start an array job: at most about a second each.
START_S = 2.0
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The plan of a launch in numbers. Times are seconds; `at_once` is None where unknown."""

    seats: int
    eighths: int
    gpus: float
    seconds_per_run: float
    measured: bool
    at_once: int | None
    waves: int
    total_seconds: float
    seconds_left: float
    fits: bool
    sentence: Message


def fit(session: Session, house: House, viewer: Viewer, request: LessonRequest) -> Fit:
    """Reckon a launch through. Raises what `launch` would raise for such a request."""
    school_id = require_school(viewer, Action.LAUNCH)
    draft = make_draft(session, house, viewer, request)
    plan, seats = draft.plan, len(draft.seats)
    rate = seconds_per_step(session, plan.template, plan.eighths)
    manifest = plan.data_set.content.manifest
    each = catalog.seconds(plan.template, plan.parameters, manifest, plan.eighths, rate)
    at_once = shares_of(session, school_id).at_once(plan.eighths)
    # With everything in use there is still one share that comes free first.
    waves = 1 if at_once is None else math.ceil(seats / max(1, at_once))
    total, left = START_S + waves * each, float(draft.minutes * SECONDS_PER_MINUTE)
    # Every run has to end by itself before its own limit, too.
    fits = total <= left and each <= plan.minutes * SECONDS_PER_MINUTE
    return Fit(
        seats=seats,
        eighths=plan.eighths,
        gpus=seats * plan.eighths / EIGHTHS,
        seconds_per_run=each,
        measured=rate is not None,
        at_once=at_once,
        waves=waves,
        total_seconds=total,
        seconds_left=left,
        fits=fits,
        sentence=_sentence(fits, waves, total, draft.minutes),
    )


def _sentence(fits: bool, waves: int, total: float, left: int) -> Message:
    minutes = max(1, math.ceil(total / SECONDS_PER_MINUTE))
    if not fits:
        return N_(
            "It does not fit: about {minutes} of {left} minutes. Choose less to learn, or a"
            " longer lesson.",
            minutes=minutes,
            left=left,
        )
    if waves > 1:
        return N_(
            "It fits: about {minutes} of {left} minutes, in {waves} turns.",
            minutes=minutes,
            left=left,
            waves=waves,
        )
    return N_("It fits: about {minutes} of {left} minutes.", minutes=minutes, left=left)
