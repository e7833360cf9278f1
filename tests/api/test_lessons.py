"""Launching a class through the API: once by key, refused in words, watched seat by seat."""

from __future__ import annotations

from portal.runs.life import move
from portal.runs.states import RunState
from portal.store import EVERYONE
from portal.store.tables import Batch, Run
from tests.api.conftest import World, fresh_key, lesson_body


def test_a_launch_has_a_run_for_every_seat(world: World) -> None:
    answer = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key())
    assert answer.status_code == 201, answer.json
    assert answer.headers["Idempotency-Replayed"] == "false"
    assert [seat["number"] for seat in answer.json["seats"]] == [1, 2, 3]
    assert {seat["state"] for seat in answer.json["seats"]} == {"waiting"}
    assert answer.json["counts"]["waiting"] == 3
    shown = world.hua.teacher.get(f"/lessons/{answer.json['id']}")
    assert shown.json["seats"][0]["run"] == answer.json["seats"][0]["run"]


def test_only_the_seats_that_were_named_train(world: World) -> None:
    answer = world.hua.teacher.post("/lessons", lesson_body(seats=[2]), key=fresh_key())
    assert answer.status_code == 201, answer.json
    training = [seat["number"] for seat in answer.json["seats"] if seat["run"]]
    assert training == [2]


def test_the_same_key_gives_the_same_lesson(world: World) -> None:
    key = fresh_key()
    first = world.hua.teacher.post("/lessons", lesson_body(), key=key)
    again = world.hua.teacher.post("/lessons", lesson_body(), key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["id"] == first.json["id"]
    runs = world.hua.teacher.get("/runs").json["items"]
    assert len(runs) == 3


def test_the_same_key_for_another_body_is_refused(world: World) -> None:
    key = fresh_key()
    world.hua.teacher.post("/lessons", lesson_body(), key=key)
    other = world.hua.teacher.post("/lessons", lesson_body(minutes=20), key=key)
    assert other.status_code == 409
    assert other.json["code"] == "conflict"


def test_work_is_not_started_without_a_key(world: World) -> None:
    for path, body in (("/lessons", lesson_body()), ("/runs", {}), ("/runs/x/retry", None)):
        answer = world.hua.teacher.post(path, body)
        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["Idempotency-Key"]
    assert world.hua.teacher.get("/runs").json["items"] == []


def test_every_fault_comes_beside_its_field(world: World) -> None:
    body = lesson_body(minutes=0, parameters={"algorithm": "Magic", "nonsense": 1})
    shape = world.hua.teacher.post("/lessons", body, key=fresh_key())
    assert shape.status_code == 422
    assert set(shape.json["errors"]) == {"minutes"}
    values = world.hua.teacher.post("/lessons", {**body, "minutes": 40}, key=fresh_key())
    assert values.status_code == 422
    assert set(values.json["errors"]) == {"parameters.algorithm", "parameters.nonsense"}
    assert all(values.json["errors"].values())


def test_an_unknown_key_of_the_body_is_a_fault(world: World) -> None:
    answer = world.hua.teacher.post("/lessons", lesson_body(pupils=3), key=fresh_key())
    assert answer.json["errors"] == {"pupils": ["Unknown field."]}


def test_a_body_that_is_no_json_is_said_to_be_none(world: World) -> None:
    answer = world.hua.teacher.ask(
        "POST", "/lessons", data="{", content_type="application/json", key=fresh_key()
    )
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_a_seat_starts_no_lesson(world: World) -> None:
    answer = world.hua.seat.post("/lessons", lesson_body(), key=fresh_key())
    assert (answer.status_code, answer.json["code"]) == (403, "not-allowed")


def test_teachers_see_the_job_in_slurm_and_seats_do_not(world: World) -> None:
    lesson = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    run_id = lesson["seats"][0]["run"]
    with world.store.begin(EVERYONE) as session:
        run = session.get_one(Run, run_id)
        batch = Batch(
            school_id=run.school_id,
            state="submitted",
            account="hua",
            eighths=1,
            memory_mb=1000,
            minutes=40,
            job_id=77,
        )
        session.add(batch)
        session.flush()
        run.batch_id, run.task = batch.id, 4
        move(run, RunState.RUNNING, at=run.created_at + 2, slurm_words="RUNNING")
        move(run, RunState.SUCCEEDED, at=run.created_at + 7)
        run.metrics = {"accuracy": 0.75}
    seat = world.hua.teacher.get(f"/lessons/{lesson['id']}").json["seats"][0]
    assert seat["slurm_job"] == "77_4"
    assert (seat["accuracy"], seat["final"]) == (0.75, True)
    assert (round(seat["waited_s"], 3), round(seat["trained_s"], 3)) == (2, 5)
    assert world.hua.teacher.get(f"/runs/{run_id}").json["slurm_job"] == "77_4"
    mine = world.hua.seat.get(f"/runs/{run_id}").json
    assert (mine["slurm_job"], mine["slurm_words"]) == (None, None)


def test_cancel_stops_all_and_says_which(world: World) -> None:
    lesson = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    first = world.hua.teacher.post(f"/lessons/{lesson['id']}/cancel")
    assert {run["state"] for run in first.json["changed"]} == {"cancelled"}
    assert len(first.json["changed"]) == 3
    assert first.json["changed"][0]["reason"]["code"] == "cancelled-by-teacher"
    again = world.hua.teacher.post(f"/lessons/{lesson['id']}/cancel")
    assert again.json["changed"] == []


def test_retry_takes_the_failed_seats_once_by_key(world: World) -> None:
    lesson = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    failed = lesson["seats"][1]["run"]
    with world.store.begin(EVERYONE) as session:
        run = session.get_one(Run, failed)
        move(run, RunState.FAILED, at=run.created_at, reason="program-error")
    key = fresh_key()
    first = world.hua.teacher.post(f"/lessons/{lesson['id']}/retry", key=key)
    assert [(run["id"], run["attempt"]) for run in first.json["changed"]] == [(failed, 2)]
    again = world.hua.teacher.post(f"/lessons/{lesson['id']}/retry", key=key)
    assert again.status_code == 200, again.json
    assert [(run["id"], run["attempt"]) for run in again.json["changed"]] == [(failed, 2)]


def test_fit_says_so_and_starts_nothing(world: World) -> None:
    answer = world.hua.teacher.post("/fit", lesson_body())
    assert answer.status_code == 200, answer.json
    assert answer.json["seats"] == 3
    assert answer.json["sentence"]
    assert world.hua.teacher.get("/lessons").json["items"] == []


def test_lessons_come_in_pages(world: World) -> None:
    ids = []
    for _ in range(3):
        made = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
        world.hua.teacher.post(f"/lessons/{made['id']}/finish")
        ids.append(made["id"])
    first = world.hua.teacher.get("/lessons?limit=2").json
    second = world.hua.teacher.get(f"/lessons?limit=2&before={first['next']}").json
    seen = [lesson["id"] for lesson in first["items"] + second["items"]]
    assert seen == ids[::-1]
    assert second["next"] is None
