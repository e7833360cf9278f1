"""A class from a list of pupils: the portal learns how many, and the names stay in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import delete, func, select

from portal.store import EVERYONE
from portal.store.tables import SchoolClass, Seat, User
from tests.lesson import chromium
from tests.web.classroom import PASSWORD, Classroom, token
from tests.web.listening import served
from tests.web.pages import Anatomy

NAMES = ("王小明", "李雷", "<b>韩梅梅</b>")
GOOD = {"name": "八年级 1 班", "slug": "8-1", "seats": "3"}


@pytest.fixture
def admin(classroom: Classroom) -> Iterator[FlaskClient]:
    yield classroom.browser("chen")
    with classroom.house.store.begin(EVERYONE) as session:
        made = select(SchoolClass.id).where(SchoolClass.slug == "8-1")
        session.execute(delete(Seat).where(Seat.class_id.in_(made)))
        session.execute(delete(User).where(User.login.like("hua-8-1-%")))
        session.execute(delete(SchoolClass).where(SchoolClass.slug == "8-1"))


def test_an_administrator_adds_a_class(classroom: Classroom, admin: FlaskClient) -> None:
    assert 'href="/classes/new"' in admin.get("/classes").text
    mark = token(admin, "/classes/new")
    answer = admin.post("/classes/new", data={"csrf_token": mark, **GOOD})
    assert answer.status_code == 303
    page = admin.get(answer.location).text
    assert "Print its cards next" in page
    assert page.count("no card yet") == 3
    assert re.search(r'<code class="code">[A-Z0-9]{3} [A-Z0-9]{3}</code>', page)
    with classroom.house.store.reading(EVERYONE) as session:
        users = session.scalars(select(User).where(User.login.like("hua-8-1-%"))).all()
        assert len(users) == 3
        # Pupils come in with cards: there is no password that somebody could guess.
        assert {user.password_hash for user in users} == {None}
    again = admin.post("/classes/new", data={"csrf_token": mark, **GOOD})
    assert again.status_code == 422
    assert "has a class 8-1 already" in again.text


def test_every_fault_of_a_class_is_beside_its_field(
    classroom: Classroom, admin: FlaskClient
) -> None:
    mark = token(admin, "/classes/new")
    typed = {"name": "", "slug": "8(1)", "seats": "many"}
    answer = admin.post("/classes/new", data={"csrf_token": mark, **typed})
    assert answer.status_code == 422
    inputs = {each.get("name"): each for each in Anatomy(answer.text).all("input")}
    for name, words in typed.items():
        assert inputs[name]["value"] == words
        assert inputs[name]["aria-invalid"] == "true"


def test_only_administrators_of_a_school_add_classes(
    classroom: Classroom, admin: FlaskClient
) -> None:
    for login in ("li", "staff", "hua-7-2-01"):
        client = classroom.browser(login)
        assert client.get("/classes/new").status_code == 403
        sent = client.post("/classes/new", data={"csrf_token": token(client, "/history"), **GOOD})
        assert sent.status_code == 403
    assert 'href="/classes/new"' not in classroom.browser("li").get("/classes").text


def test_the_list_has_no_field_that_a_form_could_send(
    classroom: Classroom, admin: FlaskClient
) -> None:
    for client, address in (
        (admin, "/classes/new"),
        (classroom.browser("li"), f"/classes/{classroom.class_id}"),
    ):
        page = Anatomy(client.get(address).text)
        fields = page.all("textarea") + [
            each for each in page.all("input") if each.get("type") == "file"
        ]
        assert len(fields) == 2
        assert [each for each in fields if "name" in each] == []


@pytest.mark.browser
def test_names_stay_in_the_browser(
    classroom: Classroom, admin: FlaskClient, tmp_path: Path
) -> None:
    roster = tmp_path / "list.csv"
    rows = ["学号,姓名", *(f"20260{n},{name}" for n, name in enumerate(NAMES))]
    roster.write_bytes("\r\n".join(rows).encode("gb18030"))
    with (
        served(classroom.app) as (address, asked),
        chromium.started() as browser,
        chromium.visitor(browser, address, "zh") as (page, faults),
    ):
        chromium.log_in(page, "chen", PASSWORD)
        page.goto("/classes/new")
        page.set_input_files("#roster-file", roster)
        expect(page.locator("#roster")).to_have_value("\n".join(NAMES))
        expect(page.locator("#seats")).to_have_value("3")
        page.fill("#name", GOOD["name"])
        page.fill("#slug", GOOD["slug"])
        page.get_by_role("button", name="建立班级").click()
        page.wait_for_url(lambda at: not at.endswith("/new"))
        expect(page.locator("td.pupil")).to_have_text(NAMES)
        # On the class page of a lesson, too, for whoever pastes them there.
        page.goto(f"/classes/{classroom.class_id}")
        page.locator("details.more > summary").click()
        page.fill("#roster", "\n".join(NAMES))
        page.locator("#keep-names").click()
        expect(page.locator("td.pupil").nth(2)).to_have_text(NAMES[2])
        with page.expect_download() as saved:
            page.locator("#save-names").click()
        saved.value.save_as(tmp_path / "saved.csv")
        page.goto(f"/lessons/{classroom.lesson_id}")
        expect(page.locator(".seats > li[data-seat='2']")).to_have_attribute("data-pupil", NAMES[1])
        page.goto(f"/classes/{classroom.class_id}")
        page.locator("details.more > summary").click()
        page.locator("#clear-names").click()
        expect(page.locator("td.pupil").nth(2)).to_have_text("")
        assert faults == []
    assert (tmp_path / "saved.csv").read_text("utf-8-sig").splitlines() == [
        f'{n},"{name}"' for n, name in enumerate(NAMES, 1)
    ]
    sent = "\n".join(asked)
    assert "slug=8-1" in sent
    for name in ("王小明", "李雷", "韩梅梅"):
        for written in (name, "".join(f"%{byte:02X}" for byte in name.encode())):
            assert written not in sent


@pytest.fixture
def several(classroom: Classroom) -> Iterator[FlaskClient]:
    yield classroom.browser("chen")
    with classroom.house.store.begin(EVERYONE) as session:
        made = select(SchoolClass.id).where(SchoolClass.slug.like("9-%"))
        session.execute(delete(Seat).where(Seat.class_id.in_(made)))
        session.execute(delete(User).where(User.login.like("hua-9-%")))
        session.execute(delete(SchoolClass).where(SchoolClass.slug.like("9-%")))


def rows(*classes: tuple[str, str, str]) -> dict[str, list[str]]:
    names, slugs, seats = zip(*classes, strict=True)
    return {"name": list(names), "slug": list(slugs), "seats": list(seats)}


def test_several_classes_come_in_one_go(classroom: Classroom, several: FlaskClient) -> None:
    assert 'href="/classes/several"' in several.get("/classes").text
    mark = token(several, "/classes/several")
    # A full-width number comes from a Chinese keyboard; a row that is empty is no class.
    typed = rows(("九年级 1 班", "9-1", "40"), ("", "", ""), ("九年级 2 班", "9-2", "３８"))
    answer = several.post("/classes/several", data={"csrf_token": mark, **typed})
    assert answer.status_code == 303
    page = several.get(answer.location).text
    assert "2 classes are there" in page
    with classroom.house.store.reading(EVERYONE) as session:
        counted = select(func.count(Seat.id)).join(SchoolClass, Seat.class_id == SchoolClass.id)
        assert session.scalar(counted.where(SchoolClass.slug == "9-1")) == 40
        assert session.scalar(counted.where(SchoolClass.slug == "9-2")) == 38
    assert "made several classes" in several.get("/audit").text


def test_a_list_with_a_fault_makes_no_class_at_all(
    classroom: Classroom, several: FlaskClient
) -> None:
    mark = token(several, "/classes/several")
    typed = rows(("九年级 1 班", "9-1", "40"), ("九年级 2 班", "9-1", "0"), ("", "9-3", "x"))
    answer = several.post("/classes/several", data={"csrf_token": mark, **typed})
    assert answer.status_code == 422
    inputs = [each for each in Anatomy(answer.text).all("input") if each.get("name") in typed]
    told = [(each["name"], each["value"], each.get("aria-invalid")) for each in inputs]
    assert told == [
        ("name", "九年级 1 班", None),
        ("slug", "9-1", None),
        ("seats", "40", None),
        ("name", "九年级 2 班", None),
        ("slug", "9-1", "true"),
        ("seats", "0", "true"),
        ("name", "", "true"),
        ("slug", "9-3", None),
        ("seats", "x", "true"),
    ]
    assert "九年级 1 班" not in several.get("/classes").text
    empty = several.post("/classes/several", data={"csrf_token": mark, **rows(("", "", ""))})
    assert empty.status_code == 422
    assert "A list has 1 to 60 classes" in empty.text


def test_only_administrators_of_a_school_add_several(classroom: Classroom) -> None:
    for login in ("li", "staff", "hua-7-2-01"):
        client = classroom.browser(login)
        assert client.get("/classes/several").status_code == 403
        body = {"csrf_token": token(client, "/history"), **rows(("九", "9-1", "40"))}
        assert client.post("/classes/several", data=body).status_code == 403


@pytest.mark.browser
def test_two_classes_of_one_list_are_seated_and_no_name_is_sent(
    classroom: Classroom, several: FlaskClient, tmp_path: Path
) -> None:
    roster = tmp_path / "lists.csv"
    lines = ["学号,班级,姓名"]
    lines += [f"20261{n:02},九年级一班,甲{n:02}同学" for n in range(1, 41)]
    lines += [f"20262{n:02},九年级十二班,乙{n:02}同学" for n in range(1, 4)]
    roster.write_bytes("\r\n".join(lines).encode("gb18030"))
    with (
        served(classroom.app) as (address, asked),
        chromium.started() as browser,
        chromium.visitor(browser, address, "zh") as (page, faults),
    ):
        chromium.log_in(page, "chen", PASSWORD)
        page.goto("/classes/several")
        field = "#several input[name={}]"
        page.fill("#lists", "七(3)班, 36\n六年级二班\t38")
        expect(page.locator(field.format("slug")).nth(0)).to_have_value("7-3")
        expect(page.locator(field.format("slug")).nth(1)).to_have_value("6-2")
        expect(page.locator(field.format("seats")).nth(1)).to_have_value("38")
        page.set_input_files("#lists-file", roster)
        expect(page.locator(field.format("name"))).to_have_count(2)
        expect(page.locator(field.format("slug")).nth(1)).to_have_value("9-12")
        expect(page.locator(field.format("seats")).nth(0)).to_have_value("40")
        # A fault sends the form back; the names that were read are still there.
        page.fill(field.format("seats") + " >> nth=1", "0")
        page.locator("#several button.main").click()
        expect(page.locator(field.format("seats")).nth(1)).to_have_attribute("aria-invalid", "true")
        page.fill(field.format("seats") + " >> nth=1", "3")
        page.locator("#several button.main").click()
        page.wait_for_url(lambda at: at.endswith("/classes"))
        page.get_by_role("link", name="九年级十二班").click()
        expect(page.locator("td.pupil")).to_have_text(["乙01同学", "乙02同学", "乙03同学"])
        # The console tells of the form that came back, and of nothing else.
        assert [fault for fault in faults if "422" not in fault] == []
    sent = "\n".join(asked)
    assert "slug=9-12" in sent
    for written in ("同学", "".join(f"%{byte:02X}" for byte in "同学".encode())):
        assert written not in sent
