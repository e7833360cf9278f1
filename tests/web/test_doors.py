"""Nobody comes in without a login, nothing changes without a token."""

from __future__ import annotations

import time

import pytest
from flask import session as cookie

from portal.store import EVERYONE
from portal.store.tables import Run, User
from tests.web.classroom import PASSWORD, Classroom, token


def web_rules(classroom: Classroom) -> list[tuple[str, str, set[str]]]:
    return [
        (rule.endpoint, rule.rule, set(rule.methods or ()))
        for rule in classroom.app.url_map.iter_rules()
        if not rule.rule.startswith("/api/")
    ]


def some_address(rule: str) -> str:
    for place in ("<lesson_id>", "<run_id>", "<data_id>", "<class_id>", "<template>"):
        rule = rule.replace(place, "x")
    return rule.replace("<path:name>", "x")


def test_every_deed_asks_for_a_token(classroom: Classroom) -> None:
    client, asked = classroom.client("li"), 0
    for _, rule, methods in web_rules(classroom):
        if "POST" in methods:
            answer = client.post(some_address(rule), data={})
            assert answer.status_code == 400, rule
            asked += 1
    assert asked > 12


def test_a_script_is_told_401_instead_of_a_page(classroom: Classroom) -> None:
    address = f"/lessons/{classroom.lesson_id}/snapshot"
    answer = classroom.client().get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    stream = classroom.client().get(
        f"/lessons/{classroom.lesson_id}/events", headers={"Accept": "text/event-stream"}
    )
    assert stream.status_code == 401


def test_a_fragment_makes_its_page_load_again(classroom: Classroom) -> None:
    answer = classroom.client().get("/cluster/now", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")


def test_after_the_login_comes_the_page_that_was_asked_for(classroom: Classroom) -> None:
    client = classroom.client()
    door = client.get("/history?state=failed").location
    answer = client.get(door)
    assert 'name="next" value="/history?state=failed"' in answer.text
    sent = client.post(
        "/login",
        data={
            "login": "li",
            "password": PASSWORD,
            "next": "/history?state=failed",
            "csrf_token": token(client, "/login"),
        },
    )
    assert sent.location == "/history?state=failed"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/\nx", "javascript:x"],
)
def test_a_login_leads_nowhere_outside(classroom: Classroom, elsewhere: str) -> None:
    client = classroom.client()
    sent = client.post(
        "/login",
        data={
            "login": "li",
            "password": PASSWORD,
            "next": elsewhere,
            "csrf_token": token(client, "/login"),
        },
    )
    assert sent.location == "/"


def test_a_wrong_password_keeps_the_login_name(classroom: Classroom) -> None:
    client = classroom.client()
    answer = client.post(
        "/login",
        data={"login": "nobody-here", "password": "x", "csrf_token": token(client, "/login")},
    )
    assert answer.status_code == 401
    assert 'value="nobody-here"' in answer.text
    assert "do not go together" in answer.text


def test_a_session_is_new_at_login(classroom: Classroom) -> None:
    client = classroom.client()
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
    client.post(
        "/login",
        data={"login": "li", "password": PASSWORD, "csrf_token": token(client, "/login")},
    )
    with client:
        client.get("/history")
        assert "planted" not in cookie


def test_the_cookie_is_kept_from_scripts(classroom: Classroom) -> None:
    answer = classroom.client().get("/login")
    sent = answer.headers["Set-Cookie"]
    assert "HttpOnly" in sent
    assert "SameSite=Lax" in sent
    assert "remember_token" not in sent


def test_a_login_ends_by_itself(classroom: Classroom) -> None:
    client = classroom.client("li")
    with client.session_transaction() as session:
        session["ends_at"] = time.time() - 1
    assert client.get("/history").status_code == 302


def test_somebody_who_was_switched_off_is_out_at_once(classroom: Classroom) -> None:
    client = classroom.client("hua-7-2-02")
    with classroom.house.store.begin(EVERYONE) as session:
        user = session.query(User).filter_by(login="hua-7-2-02").one()
        user.active = False
    try:
        assert client.get("/history").status_code == 302
    finally:
        with classroom.house.store.begin(EVERYONE) as session:
            session.query(User).filter_by(login="hua-7-2-02").one().active = True


def test_logging_out_needs_no_more_than_the_button(classroom: Classroom) -> None:
    client = classroom.client("li")
    client.post("/logout", data={"csrf_token": token(client, "/history")})
    assert client.get("/history").status_code == 302


def test_pupils_and_teachers_stay_in_their_rooms(classroom: Classroom) -> None:
    seat, teacher = classroom.client("hua-7-2-01"), classroom.client("li")
    for address in (
        f"/lessons/{classroom.lesson_id}",
        f"/lessons/{classroom.lesson_id}/snapshot",
        f"/lessons/{classroom.lesson_id}/events",
        f"/lessons/{classroom.lesson_id}/takehome.zip",
        "/classes",
        "/data/new",
        "/train/image-classifier",
        "/cluster",
    ):
        assert seat.get(address).status_code == 403, address
    assert teacher.get("/cluster").status_code == 403
    assert teacher.get("/seat").status_code == 403


def test_a_pupil_sees_no_other_seats_run(classroom: Classroom) -> None:
    client = classroom.client("hua-7-2-01")
    with classroom.house.store.reading(EVERYONE) as session:
        own = session.query(User).filter_by(login="hua-7-2-01").one().id
        other = session.query(Run).filter(Run.owner_id != own, Run.state == "succeeded").first()
    assert other is not None
    for tail in ("", "/metrics", "/log", "/state", "/takehome.zip", "/artifacts/model.onnx"):
        assert client.get(f"/runs/{other.id}{tail}").status_code == 404, tail
