"""Accounts: every fault at once, closed accounts, passwords, languages."""

from __future__ import annotations

import pytest

from portal.errors import Invalid
from portal.people.accounts import (
    add,
    fault_of_new_login,
    find,
    load_viewer,
    set_language,
    set_password,
)
from portal.people.login.local import LocalAccounts
from portal.people.viewer import Role
from portal.store import EVERYONE
from tests.town import Town


def test_a_new_teacher_is_a_viewer_of_the_school(town: Town) -> None:
    school_id = town.here.school.id
    with town.portal.store.begin(EVERYONE) as session:
        user = add(
            session,
            login=" Li.Mei ",
            name="李梅",
            role=Role.TEACHER,
            school_id=school_id,
            password="correct horse",
        )
        viewer = load_viewer(session, user.id)
    assert viewer is not None
    assert (viewer.login, viewer.role, viewer.school_id) == ("li.mei", Role.TEACHER, school_id)
    assert viewer.tenant.school_id == school_id
    assert not viewer.tenant.everyone
    assert viewer.seat_id is None


def test_every_fault_of_an_account_is_reported_at_once(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session, pytest.raises(Invalid) as caught:
        add(session, login="a b", name="", role=Role.SEAT, school_id=None, password="short")
    assert set(caught.value.errors) == {"login", "name", "school", "password"}


def test_a_login_is_taken_whatever_its_case(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session, pytest.raises(Invalid) as caught:
        add(
            session,
            login="T-HUA",
            name="x",
            role=Role.TEACHER,
            school_id=town.here.school.id,
            password=None,
        )
    assert set(caught.value.errors) == {"login"}


def test_a_login_is_taken_by_whoever_has_it_in_another_school(town: Town) -> None:
    theirs = town.there.teacher.login
    with town.portal.store.begin(town.here.admin.tenant) as session:
        fault = fault_of_new_login(session, theirs)
    assert fault is not None
    assert theirs in fault.in_language("en")


def test_staff_are_of_no_school(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session, pytest.raises(Invalid) as caught:
        add(
            session,
            login="new",
            name="x",
            role=Role.STAFF,
            school_id=town.here.school.id,
            password=None,
        )
    assert set(caught.value.errors) == {"school"}
    assert town.staff.tenant == EVERYONE


def test_a_closed_account_is_no_viewer(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        user = find(session, "t-hua")
        assert user is not None
        user.active = False
    with town.portal.store.reading(EVERYONE) as session:
        assert load_viewer(session, town.here.teacher.user_id) is None
        assert load_viewer(session, "nobody") is None


def test_a_seat_knows_its_class(town: Town) -> None:
    seat = town.here.seats[0]
    assert seat.class_id == town.here.class_id
    assert seat.seat_id is not None


def test_a_new_password_is_long_enough_and_opens_the_door(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        user = find(session, "t-hua")
        assert user is not None
        with pytest.raises(Invalid) as caught:
            set_password(session, user, "short")
        assert set(caught.value.errors) == {"password"}
        set_password(session, user, "long enough")
    accounts = LocalAccounts(town.portal.store)
    assert accounts.prove("t-hua", "long enough").subject == town.here.teacher.user_id


def test_a_language_is_remembered_if_the_portal_speaks_it(town: Town) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        set_language(session, teacher, "en")
        with pytest.raises(Invalid):
            set_language(session, teacher, "fr")
    with town.portal.store.reading(EVERYONE) as session:
        viewer = load_viewer(session, teacher.user_id)
        assert viewer is not None
        assert viewer.language == "en"
