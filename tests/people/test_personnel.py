"""People: who sees whom, who makes whom what, and that nobody locks themselves out."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.people.accounts import find, load_viewer
from portal.people.login.local import LocalAccounts
from portal.people.personnel import (
    add_person,
    change_person,
    get_person,
    new_password,
    people,
    switch_person,
)
from portal.people.viewer import Role
from portal.store import EVERYONE
from tests.town import Town

EVERYBODY = tuple(Role)


def test_staff_see_everybody_and_a_school_its_own(town: Town) -> None:
    with town.portal.store.reading(EVERYONE) as session:
        seen = {user.login for user in people(session, town.staff, limit=50)}
        assert seen == {"staff", "t-hua", "a-hua", "t-nan", "a-nan"}
        found = people(session, town.staff, school="nan", role="teacher", limit=50)
        assert [user.login for user in found] == ["t-nan"]
        assert len(people(session, town.staff, words="HUA t-", limit=50)) == 1
        assert people(session, town.staff, words="%", limit=50) == []
        # The rule holds by itself, also where a session would show everybody.
        own = {user.login for user in people(session, town.here.admin, limit=50)}
        assert own == {"t-hua", "a-hua"}
    with town.portal.store.reading(town.here.admin.tenant) as session:
        for stranger in (town.there.teacher, town.staff, town.here.seats[0]):
            with pytest.raises(NotFound):
                get_person(session, town.here.admin, stranger.user_id)
        with pytest.raises(NotAllowed):
            people(session, town.here.teacher, limit=50)


def test_a_schools_administrator_adds_to_the_own_school_and_makes_nobody_staff(town: Town) -> None:
    admin = town.here.admin
    with town.portal.store.begin(admin.tenant) as session:
        made = add_person(session, admin, login="neu", name="新老师", role="teacher", school="nan")
        assert made.user.school_id == town.here.school.id
        for role in ("staff", "seat", "script", ""):
            with pytest.raises(Invalid) as caught:
                add_person(session, admin, login="x1", name="X", role=role, school="")
            assert set(caught.value.errors) == {"role"}
    proven = LocalAccounts(town.portal.store).prove("neu", made.password)
    assert proven.subject == made.user.id


def test_every_fault_of_somebody_new_is_told_at_once(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        with pytest.raises(Invalid) as caught:
            add_person(session, town.staff, login="T-HUA", name="", role="king", school="west")
        assert set(caught.value.errors) == {"login", "name", "role", "school"}
        for role, school in (("staff", "hua"), ("teacher", "")):
            with pytest.raises(Invalid) as caught:
                add_person(session, town.staff, login="x1", name="X", role=role, school=school)
            assert set(caught.value.errors) == {"school"}


def test_somebody_moves_to_another_school(town: Town) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(EVERYONE) as session:
        user = get_person(session, town.staff, teacher.user_id)
        change_person(session, town.staff, user, name="T", role="school_admin", school="nan")
        moved = load_viewer(session, teacher.user_id)
    assert moved is not None
    assert (moved.role, moved.school_id) == (Role.SCHOOL_ADMIN, town.there.school.id)
    with town.portal.store.reading(town.here.admin.tenant) as session, pytest.raises(NotFound):
        get_person(session, town.here.admin, teacher.user_id)


def test_who_is_kept_out_is_no_viewer_until_let_in_again(town: Town) -> None:
    teacher, admin = town.here.teacher, town.here.admin
    for on in (False, True):
        with town.portal.store.begin(admin.tenant) as session:
            switch_person(admin, get_person(session, admin, teacher.user_id), on=on)
        with town.portal.store.reading(EVERYONE) as session:
            assert (load_viewer(session, teacher.user_id) is not None) is on


def test_nobody_shuts_the_door_behind_themselves(town: Town) -> None:
    staff = town.staff
    with town.portal.store.begin(EVERYONE) as session:
        own = get_person(session, staff, staff.user_id)
        with pytest.raises(Conflict):
            switch_person(staff, own, on=False)
        with pytest.raises(Conflict):
            change_person(session, staff, own, name="S", role="teacher", school="hua")
        change_person(session, staff, own, name="Another name", role="staff", school="")
        assert own.name == "Another name"


def test_a_new_password_ends_the_one_before(town: Town) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(EVERYONE) as session:
        user = get_person(session, town.staff, teacher.user_id)
        first = new_password(session, user, EVERYBODY)
        second = new_password(session, user, EVERYBODY)
        with pytest.raises(Conflict):
            new_password(session, user, (Role.STAFF,))
    assert first.password != second.password
    proven = LocalAccounts(town.portal.store).prove("t-hua", second.password)
    assert proven.subject == teacher.user_id


def test_people_of_a_directory_are_kept_out_here_and_changed_there(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        user = find(session, "t-hua")
        assert user is not None
        user.way, user.subject = "ldap", "uuid-1"
        with pytest.raises(Conflict):
            change_person(session, town.staff, user, name="T", role="staff", school="")
        with pytest.raises(Conflict):
            new_password(session, user, EVERYBODY)
        switch_person(town.staff, user, on=False)
        assert not user.active
