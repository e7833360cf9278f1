"""Single runs through the API."""

from __future__ import annotations

from tests.api.conftest import World, fresh_key, lesson_body

BODY = {"template": "tabular-classifier", "data": "iris", "parameters": {"algorithm": "KNN"}}


def test_a_run_is_started_once_by_its_key(world: World) -> None:
    key = fresh_key()
    first = world.hua.teacher.post("/runs", BODY, key=key)
    again = world.hua.teacher.post("/runs", BODY, key=key)
    assert (first.status_code, again.status_code) == (201, 200), first.json
    assert first.json["id"] == again.json["id"]
    assert first.json["state"] == "waiting"
    assert first.json["share"] == 1


def test_the_same_key_of_two_people_is_two_keys(world: World) -> None:
    key = fresh_key()
    hua = world.hua.teacher.post("/runs", BODY, key=key)
    ming = world.ming.teacher.post("/runs", BODY, key=key)
    assert (hua.status_code, ming.status_code) == (201, 201)
    assert hua.json["id"] != ming.json["id"]


def test_a_seat_trains_in_its_lesson_with_the_lessons_template(world: World) -> None:
    lesson = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    mine = lesson["seats"][0]["run"]
    assert world.hua.seat.post(f"/runs/{mine}/cancel").json["changed"][0]["id"] == mine
    answer = world.hua.seat.post("/runs", {"parameters": {"neighbours": 3}}, key=fresh_key())
    assert answer.status_code == 201, answer.json
    assert (answer.json["lesson"], answer.json["seat"]) == (lesson["id"], 1)
    assert answer.json["parameters"]["neighbours"] == 3


def test_runs_come_in_pages(world: World) -> None:
    ids = [world.hua.teacher.post("/runs", BODY, key=fresh_key()).json["id"] for _ in range(5)]
    seen, path = [], "/runs?limit=2"
    while path:
        page = world.hua.teacher.get(path).json
        assert len(page["items"]) <= 2
        seen += [run["id"] for run in page["items"]]
        path = page["next"] and f"/runs?limit=2&before={page['next']}"
    assert seen == ids[::-1]


def test_a_share_that_the_site_has_not_is_refused_beside_its_field(world: World) -> None:
    answer = world.hua.teacher.post("/runs", {**BODY, "share": 9}, key=fresh_key())
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["share"]
