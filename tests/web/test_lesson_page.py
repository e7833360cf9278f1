"""The class page and the snapshots that move it."""

from __future__ import annotations

import json
import time

import pytest

from portal.store import EVERYONE
from portal.store.tables import Lease, Run
from portal.web.snapshots import frame_of
from tests.web.classroom import Classroom
from tests.web.pages import Anatomy


def test_forty_tiles_say_their_state_by_icon_and_word(classroom: Classroom) -> None:
    page = Anatomy(classroom.browser("li").get(f"/lessons/{classroom.lesson_id}").text)
    tiles = [each for each in page.all("li") if "data-seat" in each]
    assert [each["data-seat"] for each in tiles] == [str(n) for n in range(1, 41)]
    words = set(page.words)
    assert {"training", "done", "failed", "waiting", "in the queue", "lost", "stopped"} <= words


def test_page_and_snapshot_say_the_same(classroom: Classroom) -> None:
    client = classroom.browser("li")
    page = client.get(f"/lessons/{classroom.lesson_id}").text
    seen = client.get(f"/lessons/{classroom.lesson_id}/snapshot").get_json()
    assert len(seen["tiles"]) == 40
    assert f'data-version="{seen["version"]}"' in page
    done = next(each for each in seen["tiles"] if each["state"] == "succeeded")
    assert done["value"].endswith("%")
    assert done["line"].count(",") >= 20
    assert "spark" not in done


def test_an_unchanged_snapshot_costs_nothing(classroom: Classroom) -> None:
    client = classroom.browser("li")
    first = client.get(f"/lessons/{classroom.lesson_id}/snapshot")
    again = client.get(
        f"/lessons/{classroom.lesson_id}/snapshot", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_reader_who_follows_gets_only_the_seats_that_moved(classroom: Classroom) -> None:
    before = frame_of(classroom.house, classroom.lesson_id)
    with classroom.house.store.begin(EVERYONE) as session:
        done = session.get_one(Run, classroom.runs["succeeded"][0])
        done.metrics = {"accuracy": 0.123}
        number = done.seat.number if done.seat else 0
    now = frame_of(classroom.house, classroom.lesson_id, before)
    news = json.loads(now.bytes_for("en", seen=before.version))
    whole = json.loads(now.bytes_for("en"))
    assert {**news, "tiles": whole["tiles"]} == whole
    # And of that seat only what is new.
    (seat,) = news["tiles"]
    assert seat == {"number": number, "headline": 0.123, "value": "12%"}
    shown = {tile["number"]: tile for tile in json.loads(before.bytes_for("en"))["tiles"]}
    assert {**shown[number], **seat} == next(t for t in whole["tiles"] if t["number"] == number)
    # Who has seen something else gets all of it.
    assert now.bytes_for("en", seen="something else") == now.bytes_for("en")


def test_the_events_carry_the_snapshot(classroom: Classroom) -> None:
    client = classroom.browser("li", "zh")
    with client.get(f"/lessons/{classroom.lesson_id}/events", buffered=False) as stream:
        assert stream.mimetype == "text/event-stream"
        assert stream.headers["X-Accel-Buffering"] == "no"
        first = next(iter(stream.response))
    name, data = first.decode().strip().split("\n")
    assert name == "event: snapshot"
    seen = json.loads(data.removeprefix("data: "))
    assert {"训练中", "完成"} <= {each["label"] for each in seen["tiles"]}


def test_the_class_goes_home_in_one_archive(classroom: Classroom) -> None:
    with classroom.browser("li").get(f"/lessons/{classroom.lesson_id}/takehome.zip") as answer:
        assert answer.status_code == 200
        assert answer.data[:2] == b"PK"
        assert answer.headers["Content-Disposition"] == "attachment; filename=7-2.zip"


@pytest.mark.parametrize("state", ["succeeded", "running", "failed", "lost", "submitted"])
def test_each_state_of_a_run_has_its_page(classroom: Classroom, state: str) -> None:
    client = classroom.browser("li")
    answer = client.get(f"/runs/{classroom.runs[state][0]}")
    assert answer.status_code == 200
    page = Anatomy(answer.text)
    polls = [each for _, each in page.tags if each.get("hx-trigger") == "every 2s"]
    assert bool(polls) == (state in ("running", "submitted"))


def test_a_run_that_has_ended_loads_its_page_again(classroom: Classroom) -> None:
    address = f"/runs/{classroom.runs['succeeded'][0]}/state"
    answer = classroom.browser("li").get(address, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_the_curve_is_asked_for_from_where_it_ended(classroom: Classroom) -> None:
    client, run = classroom.browser("li"), classroom.runs["running"][0]
    first = client.get(f"/runs/{run}/metrics").get_json()
    assert first["points"]
    assert first["live"] is True
    rest = client.get(f"/runs/{run}/metrics?from={first['next']}").get_json()
    assert rest["points"] == []
    assert client.get(f"/runs/{run}/metrics?from=x").get_json()["points"] == first["points"]


def test_the_confusion_matrix_is_a_picture_with_numbers(classroom: Classroom) -> None:
    page = classroom.browser("li").get(f"/runs/{classroom.runs['succeeded'][0]}").text
    picture = Anatomy(page[page.index('<svg class="confusion"') :])
    assert len([each for each in picture.all("rect") if each.get("class") == "right"]) == 3
    assert "“circle” taken for" in page


def test_a_silent_centre_is_said_with_the_time_of_its_last_answer(classroom: Classroom) -> None:
    client = classroom.browser("li")
    address = f"/lessons/{classroom.lesson_id}"
    answered = time.time() - 90

    def look(language: str, until: bool) -> str:
        """The page once it says it, or no longer does: a snapshot of it is kept for a second."""
        deadline = time.monotonic() + 60
        while True:
            page = client.get(address, headers={"Accept-Language": language}).text
            notice = next(d for d in Anatomy(page).all("div") if d.get("id") == "slurm-silent")
            if ("hidden" not in notice) is until or time.monotonic() > deadline:
                assert ("hidden" not in notice) is until
                return page
            time.sleep(0.1)

    def lease(error: str | None, at: float) -> None:
        row = Lease(name="agent", holder="here", until=time.time() + 3600, slurm_error=error)
        row.slurm_answered_at = at
        with classroom.house.store.begin(EVERYONE) as session:
            session.merge(row)

    look("zh", until=False)
    lease("connection refused", answered)
    page = look("zh", until=True)
    assert f'data-ago="{int(answered)}"' in page
    assert "上次回应" in page
    assert "Last answer" in look("en", until=True)
    assert client.get(f"{address}/snapshot").get_json()["slurm_silent_since"] == answered
    lease(None, time.time())
    look("zh", until=False)
