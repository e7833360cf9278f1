"""What schools have used, in share-hours: an eighth of a GPU for an hour is one.

Slurm's own times are summed (`portal.agent.spent`). A run counts whole in the month in which it
started, by the site's clock; Slurm's reports cut at the turn of the month.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.people.access import Action, require
from portal.people.viewer import Viewer
from portal.store.tables import School, SchoolClass, Usage

HOUR_S = 3600.0
MONTHS = range(1, 13)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Used:
    """What one class, or those who trained for none, has used of one template in one month.

    Two schools may have one name; their short names (`slug`) differ.
    """

    month: int
    school: str
    slug: str
    school_class: str | None
    template: str
    runs: int
    share_hours: float


@dataclass(frozen=True)
class Sum:
    """Several of them together."""

    runs: int = 0
    share_hours: float = 0.0

    def __add__(self, used: Used) -> Sum:
        return Sum(self.runs + used.runs, self.share_hours + used.share_hours)


def usage(
    session: Session,
    viewer: Viewer,
    year: int,
    zone: ZoneInfo,
    *,
    months: Sequence[int] = MONTHS,
    school_id: str | None = None,
) -> list[Used]:
    """What was used in these months, by month, school, class and template.

    Names are those that schools and classes have now. Raises `NotAllowed`.
    """
    require(viewer, Action.SEE_USAGE)
    seconds = func.sum(Usage.eighths * Usage.seconds)
    wanted = (
        select(School.name, School.slug, SchoolClass.name, Usage.template, func.count(), seconds)
        .join(School, School.id == Usage.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Usage.class_id)
        .group_by(School.id, School.name, School.slug, SchoolClass.id, SchoolClass.name)
        .group_by(Usage.template)
        .order_by(School.name, School.id, SchoolClass.name, SchoolClass.id, Usage.template)
    )
    if school_id is not None:
        wanted = wanted.where(Usage.school_id == school_id)
    found = []
    for month in months:
        since, until = _span(year, month, zone)
        of_month = wanted.where(Usage.started_at >= since, Usage.started_at < until)
        found += [
            Used(month, school, slug, school_class, template, runs, used_s / HOUR_S)
            for school, slug, school_class, template, runs, used_s in session.execute(of_month)
        ]
    return found


def month_by_school(session: Session, now: float, zone: ZoneInfo) -> dict[str, float]:
    """The share-hours of the month that `now` (UTC seconds) is in, by school that has any."""
    today = datetime.fromtimestamp(now, zone)
    since, until = _span(today.year, today.month, zone)
    used = (
        select(Usage.school_id, func.sum(Usage.eighths * Usage.seconds))
        .where(Usage.started_at >= since, Usage.started_at < until)
        .group_by(Usage.school_id)
    )
    return {school_id: seconds / HOUR_S for school_id, seconds in session.execute(used)}


def summed(rows: Iterable[Used], by: Callable[[Used], Key]) -> dict[Key, Sum]:
    """The sums by whatever is asked for, in the order in which each was met first."""
    found: dict[Key, Sum] = {}
    for row in rows:
        found[by(row)] = found.get(by(row), Sum()) + row
    return found


def largest_first(sums: dict[Key, Sum]) -> dict[Key, Sum]:
    """The same, in the order of what was used."""
    return dict(sorted(sums.items(), key=lambda item: -item[1].share_hours))


def total(rows: Iterable[Used]) -> Sum:
    """All of them together."""
    return reduce(Sum.__add__, rows, Sum())


def years(session: Session, zone: ZoneInfo, now: float) -> list[int]:
    """The years that have usage, and this one, newest first."""
    first = session.scalar(select(func.min(Usage.started_at)))
    this = datetime.fromtimestamp(now, zone).year
    begun = this if first is None else datetime.fromtimestamp(first, zone).year
    return list(range(this, begun - 1, -1))


def _span(year: int, month: int, zone: ZoneInfo) -> tuple[float, float]:
    """A month's first moment and that of the next one, in UTC seconds."""
    after = (year, month + 1) if month < 12 else (year + 1, 1)
    since, until = (datetime(*first, 1, tzinfo=zone) for first in ((year, month), after))
    return since.timestamp(), until.timestamp()
