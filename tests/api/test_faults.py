"""Errors have one shape, and speak the reader's language."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from tests.api.conftest import World, fresh_key, lesson_body

SHAPE = {"code", "message", "errors", "transient"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/lessons/none", 404),
        ("DELETE", "/lessons", 405),
        ("GET", "/runs?limit=0", 422),
        ("GET", "/runs?sort=name", 422),
        ("GET", "/runs?state=asleep", 422),
        ("GET", "/runs/%00", 404),
        ("GET", "/runs/..%2f..%2fetc", 404),
    ],
)
def test_every_refusal_has_the_same_shape(
    world: World, method: str, path: str, status: int
) -> None:
    answer = world.hua.teacher.ask(method, path)
    assert answer.status_code == status, answer.data
    assert set(answer.json) == SHAPE
    assert answer.json["message"]
    assert answer.headers["Content-Language"] == "en"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_body_has_to_say_that_it_is_json(world: World) -> None:
    answer = world.hua.teacher.ask("POST", "/fit", data='{"class": "7-2"}')
    assert (answer.status_code, answer.json["code"]) == (415, "malformed")


def test_a_fault_of_ours_is_logged_and_not_shown(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("portal.api.lessons.queries.lessons", broken)
    monkeypatch.setattr("portal.api.classes.list_classes", broken)
    answer = world.hua.teacher.get("/classes")
    assert (answer.status_code, answer.json["code"]) == (500, "fault")
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text


def test_a_database_that_does_not_answer_may_do_so_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))

    monkeypatch.setattr("portal.api.classes.list_classes", locked)
    answer = world.hua.teacher.get("/classes")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.json["transient"] is True
    assert "BEGIN" not in answer.text


def test_a_body_over_the_limit_is_too_large(world: World) -> None:
    body = lesson_body(parameters={"algorithm": "x" * (1024 * 1024)})
    answer = world.hua.teacher.post("/lessons", body, key=fresh_key())
    assert (answer.status_code, answer.json["code"]) == (413, "too-large")


def test_the_language_is_the_readers(world: World) -> None:
    english = world.hua.teacher.get("/templates").json["items"][0]["title"]
    world.hua.teacher.language = "zh-CN,zh;q=0.9,en;q=0.5"
    answer = world.hua.teacher.get("/templates")
    assert answer.headers["Content-Language"] == "zh"
    assert answer.json["items"][0]["title"] != english
