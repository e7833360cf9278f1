"""Who may come in: a token, and nothing else."""

from __future__ import annotations

import time

from portal.store import EVERYONE
from portal.store.tables import Token
from tests.api.conftest import PASSWORD, World

PUBLIC = {("GET", "/api/v1/openapi.json"), ("POST", "/api/v1/tokens")}


def test_every_address_asks_who_you_are(world: World) -> None:
    open_doors = set()
    for rule in world.app.url_map.iter_rules():
        for method in rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            path = rule.rule.replace("<", "").replace(">", "").replace("path:", "")
            answer = world.nobody.ask(method, path.removeprefix("/api/v1"), json={})
            if rule.rule.startswith("/api/v1") and answer.status_code != 401:
                open_doors.add((method, rule.rule))
    assert open_doors == PUBLIC


def test_a_browsers_session_opens_nothing(world: World) -> None:
    with world.nobody.client.session_transaction() as session:
        session["_user_id"] = "whoever"
    assert world.nobody.get("/me").status_code == 401


def test_a_token_is_got_with_a_password_and_tells_whose_it_is(world: World) -> None:
    answer = world.nobody.post("/tokens", {"login": "teacher-hua", "password": PASSWORD})
    assert answer.status_code == 201
    world.nobody.token = answer.json["token"]
    me = world.nobody.get("/me").json
    assert (me["login"], me["role"], me["school_id"]) == ("teacher-hua", "teacher", world.hua.id)
    listed = world.nobody.get("/tokens").data.decode()
    assert answer.json["token"] not in listed


def test_a_wrong_password_and_an_unknown_login_get_the_same_words(world: World) -> None:
    wrong = world.nobody.post("/tokens", {"login": "teacher-hua", "password": "guess guess"})
    unknown = world.nobody.post("/tokens", {"login": "nobody", "password": "guess guess"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json


def test_too_many_guesses_are_told_when_to_come_back(world: World) -> None:
    body = {"login": "teacher-hua", "password": "guess guess"}
    statuses = [world.nobody.post("/tokens", body).status_code for _ in range(30)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    paused = world.nobody.post("/tokens", {**body, "password": PASSWORD})
    assert (paused.status_code, paused.json["code"]) == (429, "too-many")
    assert int(paused.headers["Retry-After"]) > 0
    other = world.nobody.post("/tokens", {"login": "teacher-ming", "password": PASSWORD})
    assert other.status_code == 201


def test_a_token_that_is_over_or_revoked_opens_nothing(world: World) -> None:
    assert world.hua.seat.ask("DELETE", "/tokens/current").status_code == 204
    assert world.hua.seat.get("/me").status_code == 401
    with world.store.begin(EVERYONE) as session:
        for token in session.query(Token):
            token.ends_at = time.time() - 1
    assert world.hua.teacher.get("/me").status_code == 401


def test_a_post_needs_no_csrf_token(world: World) -> None:
    assert world.hua.teacher.post("/runs/none/cancel").status_code == 404
