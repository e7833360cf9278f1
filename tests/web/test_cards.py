"""A class's code and cards on its teacher's pages, and in a pupil's browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from playwright.sync_api import expect

from portal.people import accounts, passwords
from portal.people.viewer import Role
from portal.store import EVERYONE
from portal.store.tables import Allowance, School, SchoolClass, Seat
from tests.lesson import chromium
from tests.web.classroom import PASSWORD, Classroom, token
from tests.web.listening import served
from tests.web.test_sit import sit


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.fixture
def teacher(classroom: Classroom) -> Iterator[FlaskClient]:
    with classroom.house.store.begin(EVERYONE) as session:
        session.query(Allowance).delete()
    yield classroom.browser("li")
    with classroom.house.store.begin(EVERYONE) as session:
        session.get_one(SchoolClass, classroom.class_id).homework = False


def post(client: FlaskClient, address: str, **typed: str):  # type: ignore[no-untyped-def]
    return client.post(address, data={"csrf_token": token(client, "/classes"), **typed})


def read(pdf: bytes) -> list[tuple[str, str, str]]:
    """Code, seat and PIN of each card."""
    printed = pypdfium2.PdfDocument(pdf)
    found = []
    for page in printed:
        found += [each.text for each in zxingcpp.read_barcodes(page.render(scale=2).to_pil())]
        page.close()
    printed.close()
    cards = [text.partition("#")[2].split(".") for text in sorted(found)]
    return [(code, seat, pin) for code, seat, pin in cards]


def code_of(classroom: Classroom) -> str:
    with classroom.house.store.reading(EVERYONE) as session:
        return session.get_one(SchoolClass, classroom.class_id).code or ""


def test_a_teacher_prints_cards_and_pupils_come_in(
    classroom: Classroom, teacher: FlaskClient
) -> None:
    address = f"/classes/{classroom.class_id}/cards"
    answer = post(teacher, address, seats="3-5")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    cards = read(answer.data)
    assert [(code, seat) for code, seat, _ in cards] == [
        (code_of(classroom), f"{seat:02}") for seat in (3, 4, 5)
    ]
    for code, seat, pin in cards:
        assert sit(classroom.client(), code=code, seat=seat, pin=pin).location == "/seat"
    # One seat's new card leaves the others as they are.
    ((code, seat, pin),) = read(post(teacher, address, seats="4").data)
    assert sit(classroom.client(), code=code, seat="4", pin=cards[1][2]).status_code == 401
    assert sit(classroom.client(), code=code, seat=seat, pin=pin).location == "/seat"
    assert sit(classroom.client(), code=code, seat="5", pin=cards[2][2]).location == "/seat"


def test_new_cards_are_confirmed_with_what_they_end(
    classroom: Classroom, teacher: FlaskClient
) -> None:
    post(teacher, f"/classes/{classroom.class_id}/cards", seats="1")
    page = teacher.get(f"/classes/{classroom.class_id}/cards?seats=1").text
    assert "stop working" in page
    assert 'data-ask="Make new PINs?' in page
    assert 'value="1"' in page


def test_seats_that_are_none_are_said_beside_the_field(
    classroom: Classroom, teacher: FlaskClient
) -> None:
    for typed, words in (("two", "is not a seat"), ("39-42", "The class has no seat 41, 42")):
        answer = post(teacher, f"/classes/{classroom.class_id}/cards", seats=typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{typed}"' in answer.text


def test_a_new_code_and_homework(classroom: Classroom, teacher: FlaskClient) -> None:
    here = f"/classes/{classroom.class_id}"
    before = code_of(classroom)
    assert post(teacher, f"{here}/code").location == here
    after = code_of(classroom)
    assert after != before
    shown = re.sub(r"\s", "", teacher.get(here).text)
    assert after.upper() in shown
    assert before.upper() not in shown
    assert after.upper() in re.sub(r"\s", "", teacher.get(f"{here}/code").text)
    post(teacher, f"{here}/homework", homework="on")
    assert "for homework" in teacher.get(here).text
    post(teacher, f"{here}/homework", homework="off")
    assert "for homework" not in teacher.get(here).text


def test_nobody_else_changes_codes_or_cards(classroom: Classroom, teacher: FlaskClient) -> None:
    with classroom.house.store.begin(EVERYONE) as session:
        school = session.query(School).filter_by(slug="nan").one()
        if accounts.find(session, "zhao") is None:
            accounts.add(
                session,
                login="zhao",
                name="赵老师",
                role=Role.TEACHER,
                school_id=school.id,
                password=PASSWORD,
            )
    code = code_of(classroom)
    with classroom.house.store.reading(EVERYONE) as session:
        dealt = [row.dealt_at for row in session.query(Seat).order_by(Seat.id)]
    here = f"/classes/{classroom.class_id}"
    for login, status in (("zhao", 404), ("hua-7-2-01", 403), ("staff", 403)):
        client = classroom.browser(login)
        mark = token(client, "/history")
        for tail in ("code", "homework", "cards"):
            sent = client.post(f"{here}/{tail}", data={"csrf_token": mark, "homework": "on"})
            assert sent.status_code == status, (login, tail)
        assert client.get(f"{here}/cards").status_code == status
    assert classroom.browser("zhao").get(f"{here}/code").status_code == 404
    assert classroom.browser("hua-7-2-01").get(f"{here}/code").status_code == 403
    with classroom.house.store.reading(EVERYONE) as session:
        assert [row.dealt_at for row in session.query(Seat).order_by(Seat.id)] == dealt
        assert not session.get_one(SchoolClass, classroom.class_id).homework
    assert code_of(classroom) == code


@pytest.mark.browser
def test_a_tablet_scans_a_card_and_sits_down(classroom: Classroom, teacher: FlaskClient) -> None:
    """What stands behind the # fills the form, leaves the address, and is in no request line."""
    pdf = post(teacher, f"/classes/{classroom.class_id}/cards", seats="7").data
    ((code, seat, pin),) = read(pdf)
    with (
        served(classroom.app) as (address, asked),
        chromium.started() as browser,
        chromium.visitor(browser, address, "zh") as (page, faults),
    ):
        page.goto(f"/sit#{code}.{seat}.{pin}")
        expect(page.locator("#sit-code")).to_have_value(code.upper())
        expect(page.locator("#sit-seat")).to_have_value(seat)
        expect(page.locator("#sit-pin")).to_have_value(pin)
        assert page.evaluate("location.href").endswith("/sit")
        page.get_by_role("button", name="入座").click()
        page.wait_for_url("**/seat")
        expect(page.locator(".who")).to_contain_text("07")
        assert faults == []
    # The one place that has them is the form that was sent.
    told = [line for line in asked if pin in line or code in line.lower()]
    assert len(told) == 1
    assert told[0].startswith("/sit\n")
    assert f"pin={pin}" in told[0].rpartition("\n")[2]
