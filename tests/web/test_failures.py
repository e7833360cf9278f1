"""What goes wrong is said in the reader's language, in the shape that was asked for."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from portal.errors import Unavailable
from portal.language import N_
from portal.store import EVERYONE
from portal.store.tables import SchoolClass
from portal.web import history
from tests.web.classroom import Classroom, token


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "没有内容"), ("en", "There is nothing at this address")]
)
def test_a_page_that_is_not_there(classroom: Classroom, language: str, words: str) -> None:
    answer = classroom.browser("li", language).get("/nowhere")
    assert answer.status_code == 404
    assert words in answer.text
    assert "<html" in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "/runs/{}",
        "/lessons/{}",
        "/data/{}",
        "/classes/{}",
        "/train/{}",
        "/runs/{}/metrics",
        "/runs/{}/artifacts/model.onnx",
        "/lessons/{}/events",
        "/data/{}/contact-sheet",
        "/history?before={}",
    ],
)
@pytest.mark.parametrize("name", ["x", "00000000-0000-0000-0000-000000000000", "..", "%00"])
def test_an_id_that_is_nobodys(classroom: Classroom, address: str, name: str) -> None:
    answer = classroom.browser("li").get(address.format(name))
    assert answer.status_code in (404, 308)


def test_a_table_has_no_picture_of_its_pictures(classroom: Classroom) -> None:
    address = f"/data/{classroom.table_id}/contact-sheet"
    assert classroom.browser("li").get(address).status_code == 404


def test_a_fragment_gets_a_fragment(classroom: Classroom) -> None:
    answer = classroom.browser("li").get("/runs/x/state", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "<html" not in answer.text


def test_a_script_gets_json(classroom: Classroom) -> None:
    answer = classroom.browser("li").get("/runs/x/metrics", headers={"Accept": "application/json"})
    assert answer.get_json()["message"] == "There is no such training."


def test_a_surprise_tells_nothing_of_the_inside(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(history.queries, "history", stumble)
    answer = classroom.browser("li").get("/history")
    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    assert "secret of the house" in caplog.text


def test_a_database_that_does_not_answer_says_so(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))

    monkeypatch.setattr(history.queries, "history", locked)
    answer = classroom.browser("li").get("/history")
    assert answer.status_code == 503
    assert "database does not answer just now" in answer.text
    assert "BEGIN" not in answer.text


def test_something_that_passes_says_so(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable(N_("The centre does not answer just now. Nothing is lost."))

    monkeypatch.setattr(history.queries, "history", away)
    answer = classroom.browser("li").get("/history")
    assert answer.status_code == 503
    assert "Please try again in a moment." in answer.text


def test_a_stale_form_says_what_to_do(classroom: Classroom) -> None:
    answer = classroom.browser("li").post("/language", data={"csrf_token": "old"})
    assert answer.status_code == 400
    assert "open for too long" in answer.text


def test_names_never_become_markup(classroom: Classroom) -> None:
    evil = "<img src=x onerror=alert(1)>'\"{{7*7}}"
    with classroom.house.store.begin(EVERYONE) as session:
        school_class = session.get_one(SchoolClass, classroom.class_id)
        kept, school_class.name = school_class.name, evil
    client = classroom.browser("li")
    try:
        for address in (
            "/",
            "/classes",
            f"/classes/{classroom.class_id}",
            "/train/image-classifier",
            "/history",
            f"/runs/{classroom.runs['succeeded'][0]}",
            f"/lessons/{classroom.lesson_id}",
        ):
            text = client.get(address).text
            assert "<img src=x" not in text, address
            assert "49" not in text.split("onerror", 1)[-1][:40], address
        typed = client.post(
            "/train/image-classifier",
            data={
                "csrf_token": token(client, "/train/image-classifier"),
                "sent": "1",
                "seats": '"><script>alert(1)</script>',
                "whom": "7-3",
            },
        )
        assert typed.status_code == 422
        assert "<script>alert" not in typed.text
    finally:
        with classroom.house.store.begin(EVERYONE) as session:
            session.get_one(SchoolClass, classroom.class_id).name = kept
