"""The page of tokens: made with a choice, shown once, listed with their last use, revoked."""

from __future__ import annotations

import re

import pytest

from portal.people.scopes import Scope
from tests.web.classroom import Classroom, token
from tests.web.pages import SEAT

SECRET = re.compile(r'value="(ksn_[^"]+)"')


def make(classroom: Classroom, login: str, **said: str | list[str]) -> tuple[int, str]:
    browser = classroom.browser(login)
    body = {"name": "nightly", "days": "7", "scopes": ["read"], **said}
    answer = browser.post("/tokens", data={**body, "csrf_token": token(browser, "/tokens")})
    return answer.status_code, answer.text


def api(classroom: Classroom, secret: str, method: str, path: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    client = classroom.app.test_client(use_cookies=False)
    return client.open(f"/api/v1{path}", method=method, headers=headers).status_code


def test_a_token_is_shown_once_and_does_what_was_ticked(classroom: Classroom) -> None:
    status, page = make(classroom, "li")
    assert status == 200
    secret = SECRET.findall(page)[0]
    assert api(classroom, secret, "GET", "/me") == 200
    assert api(classroom, secret, "POST", "/runs/none/cancel") == 403
    listed = classroom.browser("li").get("/tokens").text
    assert "nightly" in listed
    assert secret not in listed


def test_a_wrong_form_keeps_what_was_typed(classroom: Classroom) -> None:
    status, page = make(classroom, "li", days="9999", scopes=[])
    assert status == 422
    assert 'value="nightly"' in page
    assert page.count('class="fault"') == 2


def test_only_administrators_make_one_for_the_school(classroom: Classroom) -> None:
    assert make(classroom, "li", whose="school")[0] == 403
    status, page = make(classroom, "chen", whose="school", name="of the school")
    assert status == 200
    secret = SECRET.findall(page)[0]
    assert api(classroom, secret, "GET", "/classes") == 200
    browser = classroom.browser("chen")
    listed = browser.get("/tokens").text
    assert "of the school" in listed
    assert "of the school" not in classroom.browser("li").get("/tokens").text
    address = re.findall(r"/tokens/[^/\"]+/revoke", listed)[0]
    assert browser.post(address, data={"csrf_token": token(browser, "/tokens")}).status_code == 303
    assert api(classroom, secret, "GET", "/classes") == 401


@pytest.mark.parametrize("login", [SEAT])
def test_pupils_have_none(classroom: Classroom, login: str) -> None:
    assert classroom.browser(login).get("/tokens").status_code == 403


def test_every_scope_can_be_ticked(classroom: Classroom) -> None:
    page = classroom.browser("staff").get("/tokens").text
    for scope in Scope:
        assert f'name="scopes" value="{scope}"' in page
