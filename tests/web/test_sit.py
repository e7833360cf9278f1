"""Pupils sit down: the form, its faults, and how long a seat is somebody's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.people import cards, codes, passwords
from portal.people.cards import Pack
from portal.store import EVERYONE
from portal.store.tables import Allowance, Lesson, SchoolClass
from portal.web.sit import FIELDS
from tests.web.classroom import Classroom, token
from tests.web.pages import Anatomy


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.fixture(autouse=True)
def _nobody_has_guessed(classroom: Classroom) -> Iterator[None]:
    """Neither before a test nor after it: others log in to the same classroom."""
    _forget(classroom)
    yield
    _forget(classroom)


def _forget(classroom: Classroom) -> None:
    with classroom.house.store.begin(EVERYONE) as session:
        session.query(Allowance).delete()


@pytest.fixture
def pack(classroom: Classroom) -> Pack:
    """Cards for the first three seats."""
    with classroom.house.store.begin(EVERYONE) as session:
        return deal(session, classroom)


def deal(session: Session, classroom: Classroom) -> Pack:
    school_class = session.get_one(SchoolClass, classroom.class_id)
    deck = cards.shuffle(school_class.name, codes.of(session, school_class), [1, 2, 3])
    cards.deal(session, school_class, deck)
    return deck.pack


def sit(client: FlaskClient, **typed: str) -> TestResponse:
    return client.post("/sit", data={"csrf_token": token(client, "/sit"), **typed})


def test_a_pupil_sits_down_and_trains(classroom: Classroom, pack: Pack) -> None:
    client = classroom.client()
    # As a child may type it, with a Chinese keyboard.
    code = f" {pack.code[:3].upper()} {pack.code[3:]}"
    digits = str.maketrans("0123456789", "０１２３４５６７８９")
    answer = sit(client, code=code, seat="０2", pin=pack.cards[1].pin.translate(digits))
    assert (answer.status_code, answer.location) == (302, "/seat")
    page = client.get("/seat")
    assert page.status_code == 200
    assert 'name="parameters.epochs"' in page.text


def test_every_fault_is_beside_its_field_and_only_the_pin_is_typed_again(
    classroom: Classroom, pack: Pack
) -> None:
    client = classroom.client()
    good = {"code": pack.code.upper(), "seat": "2", "pin": pack.cards[1].pin}
    for field, typed, words in (
        ("code", "", "Type the code of your class"),
        ("code", "222222", "A code works while the lesson is on"),
        ("seat", "", "Type the number of your seat"),
        ("seat", "two", "Type the number of your seat"),
        ("seat", "99", "This class has no seat 99"),
        ("pin", "", "Type the PIN on your card"),
        ("pin", "1234", "The PIN does not belong to this seat"),
    ):
        wanted = {**good, field: typed}
        answer = sit(client, **wanted)
        assert answer.status_code in (401, 422), (field, typed)
        inputs = {each.get("name"): each for each in Anatomy(answer.text).all("input")}
        assert [name for name in FIELDS if "aria-invalid" in inputs[name]] == [field], typed
        assert words in answer.text
        assert (inputs["code"]["value"], inputs["seat"]["value"]) == (
            wanted["code"],
            wanted["seat"],
        )
        assert inputs["pin"]["value"] == ""
    assert sit(client, **good).location == "/seat"


def test_the_door_has_a_leaf_for_pupils_and_one_for_grown_ups(classroom: Classroom) -> None:
    page = Anatomy(classroom.client().get("/login").text)
    assert [form["action"] for form in page.all("form")][:2] == ["/sit", "/login"]
    assert {"code", "seat", "pin", "login", "password"} <= {
        str(each.get("name")) for each in page.all("input")
    }


def test_a_card_opens_its_seat_whoever_sat_here_before(classroom: Classroom, pack: Pack) -> None:
    """A card's address is no page that leads somebody who is logged in on to their own."""
    client = classroom.client()
    sit(client, code=pack.code, seat="1", pin=pack.cards[0].pin)
    assert client.get("/sit").status_code == 200
    sit(client, code=pack.code, seat="3", pin=pack.cards[2].pin)
    assert "· 03" in client.get("/seat").text


def test_a_session_ends_with_a_new_card(classroom: Classroom, pack: Pack) -> None:
    client = classroom.client()
    sit(client, code=pack.code, seat="2", pin=pack.cards[1].pin)
    assert client.get("/seat").status_code == 200
    with classroom.house.store.begin(EVERYONE) as session:
        deal(session, classroom)
    assert client.get("/seat").status_code == 302


def test_a_session_ends_with_the_lesson(
    classroom: Classroom, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = classroom.client()
    sit(client, code=pack.code, seat="2", pin=pack.cards[1].pin)
    with classroom.house.store.reading(EVERYONE) as session:
        ends_at = session.get_one(Lesson, classroom.lesson_id).ends_at
    for moment, status in ((ends_at + 60, 200), (ends_at + 600, 302)):
        monkeypatch.setattr("portal.web.login.time.time", lambda moment=moment: moment)
        assert client.get("/seat").status_code == status


def test_a_browser_that_guesses_waits_and_one_that_was_honest_does_not(
    classroom: Classroom, pack: Pack
) -> None:
    honest, wrong = classroom.client(), classroom.client()
    right = {"code": pack.code, "seat": "2", "pin": pack.cards[1].pin}
    assert sit(honest, **right).location == "/seat"
    noted = honest.get_cookie("kesuan-friends")
    assert noted is not None
    assert noted.http_only
    statuses = [sit(wrong, **{**right, "pin": "not it"}).status_code for _ in range(3)]
    assert statuses == [422] * 3
    said = [sit(wrong, **{**right, "pin": "000"}).text for _ in range(12)]
    assert "Too many wrong tries" in said[-1]
    assert 'aria-invalid="true"' not in said[-1]
    stranger = classroom.client()
    assert "Too many wrong tries" in sit(stranger, **right).text
    assert sit(honest, **right).location == "/seat"
    # A note that somebody has written themselves is no note.
    stranger.set_cookie("kesuan-friends", noted.value[:-3] + "abc")
    assert "Too many wrong tries" in sit(stranger, **right).text
