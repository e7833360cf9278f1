"""Terms of a school: some days after the last one of a term its classes are deleted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.errors import Invalid, NotFound
from portal.language import N_, Message
from portal.people.access import Action, require
from portal.people.names import fault_of_name
from portal.people.viewer import Viewer
from portal.privacy.erasures import BY_TERM, put_up
from portal.store.tables import Erasure, SchoolClass, Term

# A term that never ends would be none.
LONGEST_DAYS = 400
# So long before its last day a class's page says what will happen.
NOTICE_DAYS = 14


def today(settings: Settings, now: float) -> date:
    """The day by the site's calendar."""
    return datetime.fromtimestamp(now, ZoneInfo(settings.portal.timezone)).date()


def goes_on(term: Term, settings: Settings) -> date:
    """The day on which the classes of a term are deleted."""
    return term.last_day + timedelta(days=settings.data.kept_days)


def is_near(term: Term, day: date) -> bool:
    """Whether it is time to tell people."""
    return day > term.last_day - timedelta(days=NOTICE_DAYS)


def terms(session: Session, school_id: str) -> list[Term]:
    """The terms of a school, the one that ends last first."""
    own = select(Term).where(Term.school_id == school_id)
    return list(session.scalars(own.order_by(Term.last_day.desc(), Term.name)))


def term_of(session: Session, school_class: SchoolClass) -> Term | None:
    """The term of a class; None until the agent has given it its first."""
    return None if school_class.term_id is None else session.get(Term, school_class.term_id)


def add(
    session: Session, viewer: Viewer, school_id: str, name: str, last_day: str, day: date
) -> Term:
    """Add a term of a school. Raises `NotAllowed`, and `Invalid` with every fault."""
    require(viewer, Action.ERASE_CLASS)
    end, fault = _read(last_day, day)
    name = name.strip()
    faults: dict[str, Message | None] = {"name": fault_of_name(name), "last_day": fault}
    if any(term.name == name for term in terms(session, school_id)):
        faults["name"] = N_("There is a term {name} already.", name=name)
    errors = {field: [wrong] for field, wrong in faults.items() if wrong is not None}
    if errors or end is None:
        raise Invalid(errors)
    made = Term(school_id=school_id, name=name, last_day=end)
    session.add(made)
    session.flush()
    return made


def move_end(session: Session, viewer: Viewer, term: Term, last_day: str, day: date) -> None:
    """Let a term end on another day. Raises `NotAllowed`, `Invalid` (last_day)."""
    require(viewer, Action.ERASE_CLASS)
    end, fault = _read(last_day, day)
    if end is None:
        raise Invalid({"last_day": [fault] if fault else []})
    term.last_day = end
    session.flush()


def put_into(session: Session, viewer: Viewer, school_class: SchoolClass, term: Term) -> None:
    """Put a class into another term of its school. Raises `NotAllowed`, `NotFound`."""
    require(viewer, Action.ERASE_CLASS)
    if term.school_id != school_class.school_id:
        raise NotFound(N_("There is no such term."))
    school_class.term_id = term.id
    session.flush()


def get_term(session: Session, term_id: str) -> Term:
    """A term that the session sees; raises `NotFound`."""
    found = session.scalar(select(Term).where(Term.id == term_id))
    if found is None:
        raise NotFound(N_("There is no such term."))
    return found


def begin(session: Session, settings: Settings, day: date) -> int:
    """Put every class that has no term into the one of its school that ends next; how many.

    Where a school has none, it gets one to the next of the usual days of the settings.
    """
    without = session.scalars(select(SchoolClass).where(SchoolClass.term_id.is_(None))).all()
    for school_class in without:
        own = [t for t in terms(session, school_class.school_id) if t.last_day >= day]
        term = own[-1] if own else _usual(session, settings, school_class.school_id, day)
        school_class.term_id = term.id
    session.flush()
    return len(without)


def end(session: Session, settings: Settings, day: date) -> list[Erasure]:
    """Put up for deletion every class whose days are over. The session sees everyone's."""
    before = day - timedelta(days=settings.data.kept_days)
    over = (
        select(SchoolClass)
        .join(Term, Term.id == SchoolClass.term_id)
        .where(Term.last_day < before)
        .order_by(SchoolClass.id)
    )
    return [
        put_up(session, "class", each.id, each.school_id, BY_TERM)
        for each in session.scalars(over).all()
    ]


def _usual(session: Session, settings: Settings, school_id: str, day: date) -> Term:
    ends = (
        date.fromisoformat(f"{year}-{month_day}")
        for year in (day.year, day.year + 1)
        for month_day in settings.data.term_ends
    )
    end = min(each for each in ends if each >= day)
    # One that was moved to an earlier day has kept its name.
    found = next((t for t in terms(session, school_id) if t.name == end.isoformat()), None)
    if found is not None:
        found.last_day = end
        return found
    made = Term(school_id=school_id, name=end.isoformat(), last_day=end)
    session.add(made)
    session.flush()
    return made


def _read(typed: str, day: date) -> tuple[date | None, Message | None]:
    """A day as a form sends it, or what is wrong with it."""
    try:
        end = date.fromisoformat(typed.strip())
    except ValueError:
        return None, N_("Write the day as 2027-01-31.")
    if not day <= end <= day + timedelta(days=LONGEST_DAYS):
        latest = day + timedelta(days=LONGEST_DAYS)
        return None, N_("The last day is between today and {latest}.", latest=latest.isoformat())
    return end, None
