"""The one door: what it lets through to which way, and what it makes of who comes in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.errors import Unavailable
from portal.language import N_
from portal.people import accounts, passwords, tokens
from portal.people.guesses import Guesses, Kind, Pool, Size
from portal.people.login import Door, LoginPaused, LoginRefused, NoPlaceHere
from portal.people.login.arrivals import arrive
from portal.people.login.door import REFUSAL_S
from portal.people.login.local import LocalAccounts
from portal.people.login.way import Identity, NoPlace, Place
from portal.people.schools import get_school
from portal.people.viewer import Role, Viewer
from portal.store import EVERYONE
from portal.store.tables import User
from tests.people.login.contract import HOSTILE
from tests.town import Town

ROOT = Path(__file__).parents[3]
PASSWORD = "plum-2345"


class Directory:
    """A way that knows whoever it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.people: dict[str, Identity] = {}
        self.asked: list[str] = []
        self.away = False

    def prove(self, login: str, password: str) -> Identity:
        self.asked.append(login)
        if self.away:
            raise Unavailable(N_("The directory is away."))
        if login not in self.people or password != PASSWORD:
            raise LoginRefused
        return self.people[login]

    def knows(self, login: str, subject: str, place: Place | NoPlace, name: str = "李") -> None:
        self.people[login] = Identity(
            way="ldap", subject=subject, login=login, name=name, place=place
        )


TEACHER = Place(Role.TEACHER, "hua")


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def door(town: Town, directory: Directory, pauses: list[float]) -> Door:
    store = town.portal.store
    roles = [Role.STAFF, Role.SEAT]
    guesses = Guesses(store, dict.fromkeys(Kind, Size(100, 1.0)))
    local = LocalAccounts(store)
    return Door(store, local, directory, roles, guesses, pauses.append, clock=lambda: 0.0)


def give_password(town: Town, login: str) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        user = accounts.find(session, login)
        assert user is not None
        accounts.set_password(session, user, PASSWORD)


def viewer(town: Town, user_id: str) -> Viewer | None:
    with town.portal.store.reading(EVERYONE) as session:
        return accounts.load_viewer(session, user_id)


def test_the_first_login_makes_the_user_and_a_later_one_brings_it_up(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.knows("li", "s1", TEACHER)
    first = door.authenticate("Li ", PASSWORD)
    found = viewer(town, first)
    assert found is not None
    assert (found.login, found.name, found.role) == ("li", "李", Role.TEACHER)
    assert found.school_id == town.here.school.id
    directory.people.clear()
    directory.knows("li.mei", "s1", Place(Role.SCHOOL_ADMIN, "nan"), name="李梅\n\x1b")
    assert door.authenticate("li.mei", PASSWORD) == first
    found = viewer(town, first)
    assert found is not None
    assert (found.login, found.name, found.role) == ("li.mei", "李梅", Role.SCHOOL_ADMIN)
    assert found.school_id == town.there.school.id
    directory.knows("li.mei", "s1", Place(Role.STAFF, None))
    assert door.authenticate("li.mei", PASSWORD) == first
    found = viewer(town, first)
    assert found is not None
    assert found.tenant == EVERYONE


def test_who_loses_the_groups_loses_role_session_and_tokens(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.knows("li", "s1", TEACHER)
    user_id = door.authenticate("li", PASSWORD)
    before = viewer(town, user_id)
    assert before is not None
    with town.portal.store.begin(EVERYONE) as session:
        _, secret = tokens.issue(session, before, tokens.Wish("script", 30))
    directory.knows("li", "s1", NoPlace(N_("None of your groups.")))
    with pytest.raises(NoPlaceHere) as caught:
        door.authenticate("li", PASSWORD)
    assert str(caught.value) == "None of your groups."
    assert viewer(town, user_id) is None
    assert tokens.resolve(town.portal.store, secret) is None
    directory.knows("li", "s1", TEACHER)
    assert door.authenticate("li", PASSWORD) == user_id
    assert viewer(town, user_id) == before


def test_an_account_that_staff_closed_stays_closed(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.knows("li", "s1", TEACHER)
    user_id = door.authenticate("li", PASSWORD)
    with town.portal.store.begin(EVERYONE) as session:
        session.get_one(User, user_id).active = False
    with pytest.raises(NoPlaceHere, match="kept out"):
        door.authenticate("li", PASSWORD)
    assert viewer(town, user_id) is None
    with town.portal.store.begin(EVERYONE) as session:
        session.get_one(User, user_id).active = True
    assert door.authenticate("li", PASSWORD) == user_id


def test_nobody_of_a_school_that_is_off_comes_in_until_it_is_on(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.knows("li", "s1", TEACHER)
    user_id = door.authenticate("li", PASSWORD)
    teacher = viewer(town, user_id)
    assert teacher is not None
    with town.portal.store.begin(EVERYONE) as session:
        local = accounts.find(session, "t-hua")
        assert local is not None
        accounts.set_password(session, local, PASSWORD)
        _, secret = tokens.issue(session, teacher, tokens.Wish("script", 30))
    here = LocalAccounts(town.portal.store)
    for on in (False, True):
        with town.portal.store.begin(EVERYONE) as session:
            get_school(session, "hua").active = on
        assert (viewer(town, user_id) is not None) is on
        assert (viewer(town, town.here.seats[0].user_id) is not None) is on
        assert (tokens.resolve(town.portal.store, secret) is not None) is on
        assert viewer(town, town.there.teacher.user_id) is not None
        assert viewer(town, town.staff.user_id) is not None
        if not on:
            with pytest.raises(NoPlaceHere, match="switched off"):
                door.authenticate("li", PASSWORD)
            with pytest.raises(NoPlaceHere, match="switched off"):
                here.prove("t-hua", PASSWORD)
    assert door.authenticate("li", PASSWORD) == user_id
    assert here.prove("t-hua", PASSWORD).login == "t-hua"


def test_a_school_that_is_not_set_up_is_named(town: Town, door: Door, directory: Directory) -> None:
    directory.knows("li", "s1", Place(Role.TEACHER, "elsewhere"))
    with pytest.raises(NoPlaceHere) as caught:
        door.authenticate("li", PASSWORD)
    assert "(elsewhere)" in str(caught.value)
    with town.portal.store.reading(EVERYONE) as session:
        assert accounts.find(session, "li") is None


def test_a_login_that_was_given_to_somebody_else_is_somebody_else(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.knows("li", "s1", TEACHER)
    first = door.authenticate("li", PASSWORD)
    directory.knows("li", "s2", TEACHER, name="李二")
    second = door.authenticate("li", PASSWORD)
    assert first != second
    directory.knows("li1", "s1", TEACHER)
    assert door.authenticate("li1", PASSWORD) == first
    found = viewer(town, first)
    assert found is not None
    assert found.login == "li1"


def test_a_local_account_is_taken_over_only_if_staff_left_it_without_a_password(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.knows("t-hua", "s1", TEACHER)
    give_password(town, "t-hua")
    with pytest.raises(NoPlaceHere) as caught:
        door.authenticate("t-hua", PASSWORD)
    assert "an account t-hua of its own" in str(caught.value)
    with town.portal.store.begin(EVERYONE) as session:
        user = accounts.find(session, "t-hua")
        assert user is not None
        accounts.hand_over(session, user)
    assert door.authenticate("t-hua", PASSWORD) == town.here.teacher.user_id
    seat = town.here.seats[0]
    directory.knows(seat.login, "s2", TEACHER)
    with pytest.raises(NoPlaceHere):
        door.authenticate(seat.login, PASSWORD)


def test_staff_and_seats_come_in_while_the_directory_is_away(
    town: Town, door: Door, directory: Directory
) -> None:
    directory.away = True
    for login in ("staff", town.here.seats[0].login, "t-hua"):
        give_password(town, login)
    assert door.authenticate("staff", PASSWORD) == town.staff.user_id
    assert door.authenticate(town.here.seats[0].login, PASSWORD) == town.here.seats[0].user_id
    assert directory.asked == []
    # A teacher's local password opens nothing any more.
    with pytest.raises(Unavailable):
        door.authenticate("t-hua", PASSWORD)
    assert directory.asked == ["t-hua"]
    # Whoever is logged in stays so.
    assert viewer(town, town.here.teacher.user_id) == town.here.teacher


def test_nothing_hostile_reaches_the_directory(door: Door, directory: Directory) -> None:
    # Spaces around a login are a slip of the person's and no attack.
    names = [name for name in HOSTILE if name != "li "]
    # Signs that become a k and an i where letters are made small, and an endless name.
    names += ["\u212aai", "L\u0130", "a" * 100]
    tries = [(name, PASSWORD) for name in names] + [("li", ""), ("li", "x" * 257)]
    for name, password in tries:
        with pytest.raises(LoginRefused):
            door.authenticate(name, password)
    assert directory.asked == []


def test_guesses_are_counted_whatever_the_way(
    town: Town, directory: Directory, pauses: list[float]
) -> None:
    store = town.portal.store
    directory.knows("li", "s1", TEACHER)
    guesses = Guesses(store, dict.fromkeys(Kind, Size(3, 60.0)), clock=lambda: 0.0)
    door = Door(store, LocalAccounts(store), directory, [Role.STAFF], guesses, pauses.append)
    for login in ("li", "Li", " LI"):
        with pytest.raises(LoginRefused):
            door.authenticate(login, "wrong")
    with pytest.raises(LoginPaused):
        door.authenticate("li", PASSWORD)
    assert len(directory.asked) == 3
    directory.away = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            door.authenticate("other", "wrong")
    assert guesses.take([Pool(Kind.ACCOUNT, "other")]) == 0


def test_every_refusal_takes_the_time_of_the_slowest(
    town: Town, door: Door, directory: Directory, pauses: list[float]
) -> None:
    give_password(town, "staff")
    for login, password in (("nobody", "x"), ("staff", "x"), ("*", "x"), ("li", "")):
        with pytest.raises(LoginRefused):
            door.authenticate(login, password)
    assert pauses == [REFUSAL_S] * 4
    directory.knows("li", "s1", TEACHER)
    door.authenticate("li", PASSWORD)
    assert len(pauses) == 4


def test_the_loser_of_a_race_for_the_first_login_comes_in_as_the_same(
    door: Door, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process makes the row between this one's look and its write."""
    directory.knows("li", "s1", TEACHER)
    calls: list[Identity] = []

    def late(session: Session, identity: Identity) -> str | NoPlace:
        calls.append(identity)
        if len(calls) == 1:
            raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))
        return arrive(session, identity)

    monkeypatch.setattr("portal.people.login.door.arrive", late)
    assert door.authenticate("li", PASSWORD)
    assert len(calls) == 2


def test_only_the_door_looks_at_passwords() -> None:
    """Pages, API and commands have no second way past the counting of guesses."""
    sources = {
        path.relative_to(ROOT / "portal").as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / "portal").rglob("*.py")
    }
    checking = {name for name, text in sources.items() if re.search(r"passwords\.check\(", text)}
    assert checking == {"people/login/local.py", "people/login/cards.py"}
    binding = {name for name, text in sources.items() if re.search(r"(from|import) ldap3", text)}
    # The doctor binds as the account of the settings, and as nobody else.
    elsewhere = {name for name in binding if not name.startswith("people/login/ldap/")}
    assert elsewhere == {"doctor/login.py"}
    assert ".bind(" not in sources["doctor/login.py"]
    proving = {name for name, text in sources.items() if ".prove(" in text}
    assert proving == {"people/login/door.py"}
    entering = {name for name, text in sources.items() if ".authenticate(" in text}
    # Whoever chooses another password proves the one before at the same door.
    assert entering == {"web/session.py", "web/account.py", "api/tokens.py"}
    sitting = {name for name, text in sources.items() if ".take_seat(" in text}
    assert sitting == {"web/sit.py"}
