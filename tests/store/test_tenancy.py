"""A session of one school finds nothing of another, whatever is asked of it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.store import EVERYONE
from portal.store.ownership import OfSchool, OfSchoolOrCentre
from portal.store.tables import (
    Base,
    Batch,
    DataSet,
    Lesson,
    Run,
    School,
    SchoolClass,
    Seat,
    User,
)
from tests.town import Town

TENANTS = [User, SchoolClass, Seat, Lesson, Batch, Run]
# What has no school of its own, and why that is right.
SHARED = {
    "school": "the tenant itself",
    "content": "reached only through a data set",
    "answered": "asked for by user and key",
    "token": "asked for by user or secret",
    "allowance": "of everybody who guesses; its name is a hash",
    "lease": "the agent's",
    "tally": "the agent's",
    "cluster_view": "the centre's",
}


@pytest.fixture
def lively(town: Town) -> Town:
    """A lesson and a batch in each school."""
    for hamlet in (town.here, town.there):
        town.launch(hamlet)
        with town.portal.store.begin(EVERYONE) as session:
            session.add(
                Batch(
                    school_id=hamlet.school.id,
                    state="closed",
                    account="a",
                    eighths=1,
                    memory_mb=1,
                    minutes=1,
                )
            )
    return town


def test_every_table_has_a_tenant_or_a_reason() -> None:
    for mapper in Base.registry.mappers:
        owned = issubclass(mapper.class_, OfSchool | OfSchoolOrCentre)
        assert owned != (mapper.local_table.name in SHARED), mapper.class_


@pytest.mark.parametrize("table", TENANTS)
def test_select_get_count_and_columns(lively: Town, table: type[OfSchool]) -> None:
    here, there = lively.here.school.id, lively.there.school.id
    with lively.portal.store.reading(EVERYONE) as session:
        theirs = session.scalars(select(table.id).where(table.school_id == there)).all()
        every = session.scalar(select(func.count()).select_from(table))
    assert theirs
    with lively.portal.store.reading(lively.here.teacher.tenant) as session:
        found = session.scalars(select(table)).all()
        assert found
        assert {row.school_id for row in found} == {here}
        assert set(session.scalars(select(table.school_id))) == {here}
        assert session.scalar(select(func.count()).select_from(table)) == len(found) < every
        assert session.scalar(select(func.count(table.id))) == len(found)
        other = aliased(table)
        assert set(session.scalars(select(other.school_id))) == {here}
        assert session.scalars(select(table).where(table.id.in_(theirs))).all() == []
        for id_ in theirs:
            assert session.get(table, id_) is None


def test_joins_subqueries_and_relations(lively: Town) -> None:
    here = lively.here.school.id
    with lively.portal.store.reading(lively.here.teacher.tenant) as session:
        classes = session.scalars(select(SchoolClass).options(selectinload(SchoolClass.seats)))
        assert {seat.school_id for found in classes for seat in found.seats} == {here}
        joined = select(School.slug, Run.school_id).join(Run, Run.school_id == School.id)
        assert set(map(tuple, session.execute(joined))) == {("hua", here)}
        outer = select(Seat.number, Run.id).outerjoin(Run, Run.seat_id == Seat.id)
        assert len(session.execute(outer).all()) == len(lively.here.seats)
        runs = session.scalars(select(Run).options(joinedload(Run.lesson), joinedload(Run.owner)))
        assert {run.lesson.school_id for run in runs if run.lesson} == {here}
        inner = select(Run.lesson_id)
        assert {x.school_id for x in session.scalars(select(Lesson).where(Lesson.id.in_(inner)))}
        exists = select(School.slug).where(
            select(Run.id).where(Run.school_id == School.id).exists()
        )
        assert session.scalars(exists).all() == ["hua"]


def test_a_relation_does_not_lead_out_of_the_school(lively: Town) -> None:
    """Even a row that wrongly points at another school's does not open it."""
    theirs = lively.runs(school_id=lively.there.school.id)[0]
    ours = lively.runs(school_id=lively.here.school.id)[0]
    lively.set(ours, lesson_id=theirs.lesson_id)
    with lively.portal.store.reading(lively.here.teacher.tenant) as session:
        assert session.get_one(Run, ours.id).lesson is None
        eager = select(Run).where(Run.id == ours.id).options(joinedload(Run.lesson))
        assert session.scalars(eager).one().lesson is None


def test_bulk_changes_stay_in_the_school(lively: Town) -> None:
    there = lively.there.school.id
    before = [run.minutes for run in lively.runs(school_id=there)]
    with lively.portal.store.begin(lively.here.teacher.tenant) as session:
        session.execute(update(Run).values(minutes=1))
        session.execute(delete(Batch))
    assert [run.minutes for run in lively.runs(school_id=there)] == before
    assert {run.minutes for run in lively.runs(school_id=lively.here.school.id)} == {1}
    with lively.portal.store.reading(EVERYONE) as session:
        assert session.scalars(select(Batch.school_id)).all() == [there]


def test_the_centres_data_is_everybodys_and_a_schools_is_its_own(lively: Town) -> None:
    with lively.portal.store.reading(lively.here.teacher.tenant) as session:
        found = session.scalars(select(DataSet)).all()
        assert {row.school_id for row in found} == {None, lively.here.school.id}
        assert session.get(DataSet, lively.there.data_set_id) is None


def test_staff_see_both_schools_and_schools_do_not_see_staff(lively: Town) -> None:
    with lively.portal.store.reading(lively.staff.tenant) as session:
        assert len(set(session.scalars(select(Run.school_id)))) == 2
    with lively.portal.store.reading(lively.here.teacher.tenant) as session:
        assert session.get(User, lively.staff.user_id) is None


def test_sessions_of_two_schools_do_not_share_a_cached_statement(lively: Town) -> None:
    """The school is a bound value of a cached statement, not a part of it."""
    for hamlet in (lively.here, lively.there, lively.here):
        with lively.portal.store.reading(hamlet.teacher.tenant) as session:
            assert set(session.scalars(select(Run.school_id))) == {hamlet.school.id}
