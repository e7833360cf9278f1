"""One school's ids in a body or a filter, sent with another's token: there is no such thing.

What an address names is asked for by everybody in ``stage.security.access``.
"""

from __future__ import annotations

import pytest

from tests.api.conftest import World, fresh_key, lesson_body


def _ids_of_ming(world: World) -> dict[str, str]:
    lesson = world.ming.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    return {
        "lesson_id": lesson["id"],
        "run_id": lesson["seats"][0]["run"],
        "id_or_slug": world.ming.class_id,
    }


@pytest.mark.parametrize("field", ["class", "data"])
def test_another_schools_ids_in_a_body_are_nowhere(world: World, field: str) -> None:
    ids = {"class": world.ming.class_id, "data": world.ming.data_set_id}
    body = lesson_body(**{field: ids[field]})
    for path, key in (("/lessons", fresh_key()), ("/fit", None)):
        answer = world.hua.teacher.post(path, body, key=key)
        assert answer.status_code == 422, answer.json
        assert set(answer.json["errors"]) == {field}


def test_another_schools_ids_in_a_filter_find_nothing(world: World) -> None:
    ids = _ids_of_ming(world)
    assert world.hua.teacher.get(f"/runs?lesson={ids['lesson_id']}").json["items"] == []
    assert world.hua.teacher.get(f"/runs?class={ids['id_or_slug']}").json["items"] == []
    assert world.hua.teacher.get(f"/lessons?class={ids['id_or_slug']}").json["items"] == []
    assert world.hua.teacher.get(f"/runs?before={ids['run_id']}").status_code == 404
    of_mine = "/templates/tabular-classifier?data="
    assert world.hua.teacher.get(of_mine + world.ming.data_set_id).status_code == 404


def test_a_seat_sees_its_own_runs_alone(world: World) -> None:
    lesson = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    mine, neighbour = (seat["run"] for seat in lesson["seats"][:2])
    assert [run["id"] for run in world.hua.seat.get("/runs").json["items"]] == [mine]
    assert world.hua.seat.get(f"/runs/{mine}").status_code == 200
    for path in ("", "/log", "/metrics", "/artifacts"):
        assert world.hua.seat.get(f"/runs/{neighbour}{path}").status_code == 404


def test_the_cluster_is_for_staff(world: World) -> None:
    assert world.hua.teacher.get("/cluster").status_code == 403
    not_seen_yet = world.staff.get("/cluster")
    assert (not_seen_yet.status_code, not_seen_yet.json["transient"]) == (503, True)
    assert not_seen_yet.headers["Retry-After"]
