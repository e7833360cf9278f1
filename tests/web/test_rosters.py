"""A class from a list of pupils: the portal learns how many, and the names stay in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import delete, select

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
