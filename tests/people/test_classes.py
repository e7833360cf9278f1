"""Schools, classes and seats."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, Invalid, NotFound
from portal.people.accounts import load_viewer
from portal.people.classes import add_class, get_class, list_classes
from portal.people.login.local import LocalAccounts
from portal.people.schools import add_school, get_school, list_schools
from portal.people.viewer import Role
from portal.store import EVERYONE, Store, Tenant
from tests.town import Town


def test_a_class_comes_with_slips_that_log_its_seats_in(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        school = add_school(session, slug="hua", name="华小", slurm_account="hua")
        made, slips = add_class(session, school, slug="7-2", name="7(2)", seats=3)
    assert [slip.login for slip in slips] == ["hua-7-2-01", "hua-7-2-02", "hua-7-2-03"]
    assert len({slip.password for slip in slips}) == 3
    user_id = LocalAccounts(store).prove(slips[1].login, slips[1].password).subject
    with store.reading(EVERYONE) as session:
        viewer = load_viewer(session, user_id)
        assert viewer is not None
        assert (viewer.role, viewer.class_id, viewer.school_id) == (Role.SEAT, made.id, school.id)
        assert list_classes(session, viewer)[0].seats == 3
        assert [seat.number for seat in get_class(session, viewer, "7-2").seats] == [1, 2, 3]


def test_every_fault_of_a_class_is_reported_at_once(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        with pytest.raises(Invalid) as caught:
            add_class(session, town.here.school, slug="7(2)", name="\n", seats=0)
        assert set(caught.value.errors) == {"slug", "name", "seats"}
        with pytest.raises(Invalid) as caught:
            add_class(session, town.here.school, slug="7-2", name="again", seats=1)
        assert set(caught.value.errors) == {"slug"}


def test_seats_are_not_called_as_those_of_another_school(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        hua = add_school(session, slug="hua", name="华小", slurm_account="hua")
        add_class(session, hua, slug="7-2", name="7(2)", seats=3)
        beside = add_school(session, slug="hua-7", name="华七", slurm_account="hua7")
    with store.begin(Tenant(beside.id)) as session:
        with pytest.raises(Invalid) as caught:
            add_class(session, beside, slug="2", name="2", seats=2)
        assert set(caught.value.errors) == {"slug"}
        add_class(session, beside, slug="3", name="3", seats=2)


def test_every_fault_of_a_school_is_reported_at_once(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        with pytest.raises(Invalid) as caught:
            add_school(session, slug="A B", name="", slurm_account="x;rm")
        assert set(caught.value.errors) == {"slug", "name", "slurm_account"}
        with pytest.raises(Invalid) as caught:
            add_school(session, slug="hua", name="x", slurm_account="school_nan")
        assert set(caught.value.errors) == {"slug", "slurm_account"}
        assert [school.slug for school in list_schools(session)] == ["hua", "nan"]
        assert get_school(session, "hua").id == town.here.school.id
        with pytest.raises(NotFound):
            get_school(session, "none")


def test_each_school_sees_its_own_class_of_the_same_name(town: Town) -> None:
    for hamlet in (town.here, town.there):
        with town.portal.store.reading(hamlet.teacher.tenant) as session:
            assert get_class(session, hamlet.teacher, "7-2").id == hamlet.class_id
            assert [row.school_class.id for row in list_classes(session, hamlet.teacher)] == [
                hamlet.class_id
            ]


def test_staff_have_to_say_which_of_two_classes_they_mean(town: Town) -> None:
    with town.portal.store.reading(town.staff.tenant) as session:
        with pytest.raises(Conflict):
            get_class(session, town.staff, "7-2")
        found = get_class(session, town.staff, town.there.class_id)
        assert found.id == town.there.class_id


def test_a_seat_sees_no_other_class_of_its_school(town: Town) -> None:
    seat = town.here.seats[0]
    with town.portal.store.begin(EVERYONE) as session:
        add_class(session, town.here.school, slug="8-1", name="8(1)", seats=1)
    with town.portal.store.reading(seat.tenant) as session:
        assert [row.school_class.slug for row in list_classes(session, seat)] == ["7-2"]
        with pytest.raises(NotFound):
            get_class(session, seat, "8-1")
