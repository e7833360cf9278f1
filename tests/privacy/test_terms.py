"""Everything of a class has an end, which a school may move but not take away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.errors import Invalid, NotAllowed, NotFound
from portal.people.viewer import Viewer
from portal.privacy import terms
from portal.privacy.erasures import erasures
from portal.store import EVERYONE
from portal.store.tables import SchoolClass, Term
from tests.town import Town

TODAY = date(2026, 11, 22)


def begun(town: Town, day: date = TODAY) -> int:
    with town.portal.store.begin(EVERYONE) as session:
        return terms.begin(session, town.portal.settings, day)


def ended(town: Town, day: date) -> int:
    with town.portal.store.begin(EVERYONE) as session:
        return len(terms.end(session, town.portal.settings, day))


def added(town: Town, viewer: Viewer, name: str, last_day: str) -> Term:
    with town.portal.store.begin(viewer.tenant) as session:
        return terms.add(session, viewer, town.here.school.id, name, last_day, TODAY)


def test_a_class_without_a_term_gets_the_one_that_ends_next(town: Town) -> None:
    added(town, town.here.admin, "Spring", "2027-07-01")
    added(town, town.here.admin, "Autumn", "2027-01-20")
    assert begun(town) == 2
    assert begun(town) == 0
    with town.portal.store.reading(EVERYONE) as session:
        ends = {
            school_class.school_id: session.get_one(Term, school_class.term_id or "").last_day
            for school_class in session.scalars(select(SchoolClass))
        }
    assert ends[town.here.school.id] == date(2027, 1, 20)
    # The other school has said nothing: the usual day of the settings.
    assert ends[town.there.school.id] == date(2027, 1, 31)


def test_a_class_goes_when_its_days_are_over_and_once(town: Town) -> None:
    added(town, town.here.admin, "Autumn", "2027-01-20")
    begun(town)
    gone = date(2027, 1, 20) + timedelta(days=town.portal.settings.data.kept_days)
    assert ended(town, gone) == 0
    assert ended(town, gone + timedelta(days=1)) == 1
    ended(town, gone + timedelta(days=2))
    with town.portal.store.reading(town.here.admin.tenant) as session:
        (asked,) = erasures(session, town.here.admin)
        assert (asked.kind, asked.subject, asked.why) == ("class", town.here.class_id, "term")
        assert session.get_one(SchoolClass, town.here.class_id).code is None


def test_a_term_that_is_extended_keeps_its_classes(town: Town) -> None:
    term = added(town, town.here.admin, "Autumn", "2027-01-20")
    begun(town)
    with town.portal.store.begin(town.here.admin.tenant) as session:
        found = terms.get_term(session, term.id)
        assert not terms.is_near(found, TODAY)
        assert terms.is_near(found, date(2027, 1, 10))
        terms.move_end(session, town.here.admin, found, "2027-06-30", TODAY)
    ended(town, date(2027, 4, 1))
    with town.portal.store.reading(town.here.admin.tenant) as session:
        assert erasures(session, town.here.admin) == []


@pytest.mark.parametrize(
    ("name", "last_day", "field"),
    [
        ("", "2027-01-20", "name"),
        ("Taken", "2027-01-20", "name"),
        ("a\nb", "2027-01-20", "name"),
        ("New", "soon", "last_day"),
        ("New", "2026-11-21", "last_day"),
        ("New", "2029-01-01", "last_day"),
        ("New", "2027-02-30", "last_day"),
    ],
)
def test_a_bad_term_is_refused_beside_its_field(
    town: Town, name: str, last_day: str, field: str
) -> None:
    added(town, town.here.admin, "Taken", "2027-01-20")
    with pytest.raises(Invalid) as wrong:
        added(town, town.here.admin, name, last_day)
    assert set(wrong.value.errors) == {field}


def test_nobody_else_moves_the_end(town: Town) -> None:
    term = added(town, town.here.admin, "Autumn", "2027-01-20")
    with pytest.raises(NotAllowed):
        added(town, town.here.teacher, "Mine", "2027-01-20")
    with town.portal.store.reading(town.there.admin.tenant) as session:
        with pytest.raises(NotFound):
            terms.get_term(session, term.id)
        assert terms.terms(session, town.here.school.id) == []
    with town.portal.store.begin(EVERYONE) as session:
        theirs = session.get_one(SchoolClass, town.there.class_id)
        with pytest.raises(NotFound):
            terms.put_into(session, town.staff, theirs, terms.get_term(session, term.id))
