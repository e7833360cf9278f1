"""A lesson as it was asked for, and as it stands once everything in it is known to be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from portal.errors import Invalid, NotFound
from portal.language import N_
from portal.people.classes import get_class
from portal.people.viewer import Viewer
from portal.runs.house import House
from portal.runs.plan import Faults, Plan, Wish, make_plan
from portal.store.tables import SchoolClass, Seat

MOST_MINUTES = 240


@dataclass(frozen=True, kw_only=True)
class LessonRequest:
    """A class launch that is asked for.

    `school_class` and `data` are ids or names; `share` is in eighths, None for the template's
    default; `minutes` is how long the lesson lasts from now; `seats` are numbers, None for all.
    """

    school_class: str
    template: str
    data: str
    share: int | None
    parameters: Mapping[str, Any]
    minutes: int
    language: str
    seats: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A lesson that may be launched as it stands."""

    school_class: SchoolClass
    seats: tuple[Seat, ...]
    plan: Plan
    minutes: int


def make_draft(session: Session, house: House, viewer: Viewer, request: LessonRequest) -> Draft:
    """Check a launch as a whole.

    Raises `Invalid` with every fault: class, seats, minutes, template, data, share, language,
    parameters.<name>.
    """
    faults: Faults = {}
    school_class = _class(session, viewer, request.school_class, faults)
    seats = () if school_class is None else _seats(school_class, request.seats, faults)
    if not 1 <= request.minutes <= MOST_MINUTES:
        faults["minutes"] = [N_("A lesson lasts 1 to {most} minutes.", most=MOST_MINUTES)]
    wish = Wish(
        template=request.template,
        data=request.data,
        share=request.share,
        parameters=request.parameters,
        language=request.language,
    )
    plan = make_plan(session, house, viewer, wish, faults=faults)
    if school_class is None:
        raise Invalid(faults)
    # A run may take what is left of the lesson, and never longer than its template allows.
    minutes = min(plan.template.resources.minutes, request.minutes)
    return Draft(
        school_class=school_class,
        seats=seats,
        plan=replace(plan, minutes=minutes),
        minutes=request.minutes,
    )


def _class(session: Session, viewer: Viewer, id_or_slug: str, faults: Faults) -> SchoolClass | None:
    if not id_or_slug:
        faults["class"] = [N_("Please choose a class.")]
        return None
    try:
        return get_class(session, viewer, id_or_slug)
    except NotFound as none:
        faults["class"] = [none.message]
        return None


def _seats(
    school_class: SchoolClass, numbers: tuple[int, ...] | None, faults: Faults
) -> tuple[Seat, ...]:
    if numbers is None:
        return tuple(school_class.seats)
    seats = {seat.number: seat for seat in school_class.seats}
    unknown = sorted(set(numbers) - seats.keys())
    if unknown:
        faults["seats"] = [
            N_("The class has no seat {numbers}.", numbers=", ".join(map(str, unknown)))
        ]
    elif not numbers:
        faults["seats"] = [N_("Please choose at least one seat.")]
    return tuple(seats[number] for number in sorted(set(numbers)) if number in seats)
