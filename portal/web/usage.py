"""What schools have used: a page, the same as CSV, and a sheet a year to print."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.people import schools
from portal.people.access import Action, require
from portal.runs.usage import MONTHS, Sum, Used, largest_first, summed, total, usage, years
from portal.services import services
from portal.store.tables import School
from portal.web import spreadsheet
from portal.web.login import reading, viewer
from portal.web.speech import say

blueprint = Blueprint("usage", __name__, url_prefix="/usage")


@dataclass(frozen=True)
class Question:
    """What of the usage somebody wants to see. `month` is None for the whole year."""

    year: int
    years: Sequence[int]
    month: int | None
    school: School | None
    schools: Sequence[School]

    @property
    def arguments(self) -> dict[str, str | int | None]:
        """The same question as part of an address."""
        school = self.school.slug if self.school and len(self.schools) > 1 else None
        return {"year": self.year, "month": self.month, "school": school}


@blueprint.get("")
def page() -> ResponseReturnValue:
    """A year's months as bars, and the classes and templates of one of them or of all."""
    question, rows = _answer()
    shown = [row for row in rows if question.month in (None, row.month)]
    by_month = summed(rows, lambda row: row.month)
    return render_template(
        "usage.html",
        question=question,
        months=[(month, by_month.get(month, Sum())) for month in MONTHS],
        most=max((each.share_hours for each in by_month.values()), default=0.0),
        total=total(shown),
        by_school=largest_first(summed(shown, lambda row: (row.slug, row.school))),
        by_class=largest_first(summed(shown, lambda row: (row.slug, row.school, row.school_class))),
        by_template=largest_first(summed(shown, lambda row: row.template)),
        several=len(question.schools) > 1 and question.school is None,
        title_of=_title,
    )


@blueprint.get("/usage.csv")
def table() -> ResponseReturnValue:
    """A row for each month, school, class and template. UTF-8 with a mark, for spreadsheets."""
    question, rows = _answer()
    heads = (_("Month"), _("School"), _("Class"), _("Template"), _("Trainings"), _("Share-hours"))
    cells = (
        (
            f"{question.year}-{row.month:02}",
            row.school,
            row.school_class or "",
            _title(row.template),
            row.runs,
            round(row.share_hours, 4),
        )
        for row in rows
        if question.month in (None, row.month)
    )
    return spreadsheet.answer(f"usage-{question.year}.csv", (heads, *cells))


@blueprint.get("/sheet")
def sheet() -> ResponseReturnValue:
    """A year of each school on a page of its own, to be printed and signed."""
    question, rows = _answer()
    asked = [question.school] if question.school else question.schools
    return render_template(
        "usage_sheet.html",
        question=question,
        sheets=list(_sheets(asked, rows)),
        months=MONTHS,
        nothing=Sum(),
        title_of=_title,
        now=time.time(),
    )


@dataclass(frozen=True)
class Sheet:
    """One school's year."""

    school: str
    total: Sum
    by_month: dict[int, Sum]
    by_class: dict[str | None, Sum]
    by_template: dict[str, Sum]


def _sheets(asked: Sequence[School], rows: Sequence[Used]) -> Iterator[Sheet]:
    for school in asked:
        own = [row for row in rows if row.slug == school.slug]
        yield Sheet(
            school.name,
            total(own),
            summed(own, lambda row: row.month),
            summed(own, lambda row: row.school_class),
            summed(own, lambda row: row.template),
        )


def _answer() -> tuple[Question, list[Used]]:
    """What was asked for, and the usage of that year."""
    require(viewer(), Action.SEE_USAGE)
    zone = ZoneInfo(services().settings.portal.timezone)
    with reading() as session:
        question = _question(session, zone)
        chosen = question.school.id if question.school else None
        return question, usage(session, viewer(), question.year, zone, school_id=chosen)


def _question(session: Session, zone: ZoneInfo) -> Question:
    known = years(session, zone, time.time())
    year = request.args.get("year", type=int)
    month = request.args.get("month", type=int)
    if viewer().is_staff:
        there = schools.list_schools(session)
    else:
        there = [schools.get_school(session, viewer().school_id or "")]
    wanted = request.args.get("school")
    chosen = next((school for school in there if school.slug == wanted), None)
    return Question(
        year if year in known else known[0],
        known,
        month if month in MONTHS else None,
        there[0] if len(there) == 1 else chosen,
        there,
    )


def _title(name: str) -> str:
    """A template's name in the reader's language; its folder's where it has gone."""
    try:
        return say(services().catalog.get(name).title)
    except NotFound:
        return name
