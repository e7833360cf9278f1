"""The seat map: what each tile shows, why seats wait, when it is news, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from portal.lessons.curves import MOST_POINTS
from portal.lessons.queue import SILENT, because
from portal.lessons.seatmap import SeatMap, as_json, snapshot
from portal.lessons.shares import Shares
from portal.lessons.tiles import Tile
from portal.store import EVERYONE
from portal.store.tables import ClusterView, Lease, Lesson, Run
from tests.town import Town


@pytest.fixture
def lesson(town: Town) -> Lesson:
    return town.launch(seats=(1, 2, 3))


def look(town: Town, lesson: Lesson, after: float) -> SeatMap:
    """A snapshot so many seconds after the lesson's start."""
    teacher = town.here.teacher
    with town.portal.store.reading(teacher.tenant) as session:
        return snapshot(session, town.portal, lesson.id, now=lesson.starts_at + after)


def agent_heard(town: Town, at: float) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        session.merge(Lease(name="agent", holder="a", until=at + 15, slurm_answered_at=at))


def test_a_silent_slurm_is_told_with_the_time_of_its_last_answer(
    town: Town, lesson: Lesson
) -> None:
    answered = lesson.starts_at + 5

    def since(after: float, **lease: Any) -> float | None:
        row = Lease(name="agent", holder="a", slurm_answered_at=answered, **lease)
        with town.portal.store.begin(EVERYONE) as session:
            session.merge(row)
        return look(town, lesson, after).slurm_silent_since

    later = lesson.starts_at + 3600
    assert since(60, until=later, slurm_error=None) is None
    assert since(9, until=later, slurm_error="connection refused") is None
    assert since(60, until=later, slurm_error="connection refused") == answered
    # An agent that has died hears nothing either.
    assert since(60, until=answered, slurm_error=None) == answered
    for run in town.runs():
        town.set(run, state="cancelled", ended_at=answered)
    assert since(60, until=later, slurm_error="connection refused") is None


def test_a_fresh_launch_is_all_waiting(town: Town, lesson: Lesson) -> None:
    found = look(town, lesson, after=0.5)
    assert [tile.number for tile in found.tiles] == [1, 2, 3, 4]
    assert [tile.state for tile in found.tiles] == ["waiting"] * 3 + ["empty"]
    assert [tile.waited_s for tile in found.tiles] == [0.5] * 3 + [None]
    assert (found.total, found.live, found.failed) == (3, 3, 0)
    assert found.counts["waiting"] == 3
    assert found.counts["empty"] == 1
    assert found.counts["succeeded"] == 0
    assert found.waiting_because is None
    assert found.slurm_age_s is None
    assert (found.curve, found.headline_percent) == ("accuracy", True)
    assert found.class_name == "7(2)"


def test_a_tile_follows_its_run_to_the_end(town: Town, lesson: Lesson) -> None:
    run, start = town.runs()[0], lesson.starts_at
    town.trains(run, start + 4, 0.25, [0.1, 0.4, 0.5])
    tile = look(town, lesson, after=24).tiles[0]
    assert (tile.state, tile.fraction, tile.stage, tile.headline) == (
        "running",
        0.25,
        "training",
        0.5,
    )
    assert tile.spark == (0.1, 0.4, 0.5)
    assert (tile.waited_s, tile.trained_s) == pytest.approx((4, 20))
    # A quarter took ten seconds.
    assert tile.ends_about == pytest.approx(start + 44)

    town.set(run, state="succeeded", metrics={"accuracy": 0.91}, ended_at=start + 40)
    tile = look(town, lesson, after=99).tiles[0]
    assert (tile.state, tile.fraction, tile.headline) == ("succeeded", 1.0, 0.91)
    assert tile.spark == (0.1, 0.4, 0.5)
    assert (tile.waited_s, tile.trained_s) == pytest.approx((4, 36))
    assert not tile.retry


def test_a_failure_is_one_sentence_and_perhaps_a_button(town: Town, lesson: Lesson) -> None:
    first, second, third = town.runs()
    town.set(first, state="failed", reason="node-failed", slurm_words="NODE_FAIL")
    town.set(second, state="failed", reason="too-little-data")
    town.set(third, state="lost", reason="result-missing")
    found = look(town, lesson, after=9)
    assert [tile.retry for tile in found.tiles] == [True, False, True, False]
    assert str(found.tiles[0].reason) == "The computer broke down. Please try again."
    assert found.failed == 3
    assert "NODE_FAIL" not in json.dumps(as_json(found, "en"))


def test_the_newest_run_of_a_seat_is_shown(town: Town, lesson: Lesson) -> None:
    town.set(town.runs()[0], state="failed")
    second = town.start(town.here.seats[0])
    assert look(town, lesson, after=9).tiles[0].run_id == second.id


def test_a_second_attempt_shows_nothing_of_the_first(town: Town, lesson: Lesson) -> None:
    run = town.runs()[0]
    town.trains(run, lesson.starts_at, 0.9, [0.9])
    submitted_at = lesson.starts_at + 50
    town.set(run, state="submitted", attempt=2, submitted_at=submitted_at, started_at=None)
    tile = look(town, lesson, after=60).tiles[0]
    assert (tile.spark, tile.fraction, tile.headline) == ((), None, None)
    assert tile.waited_s == pytest.approx(10)


def test_a_long_curve_keeps_its_first_and_its_last_point(town: Town, lesson: Lesson) -> None:
    run = town.runs()[0]
    town.trains(run, lesson.starts_at, 0.5, [number / 400 for number in range(400)])
    spark = look(town, lesson, after=9).tiles[0].spark
    assert len(spark) == MOST_POINTS
    assert (spark[0], spark[-1]) == (0.0, 399 / 400)
    assert list(spark) == sorted(spark)


def test_what_a_job_scribbles_does_not_break_the_map(town: Town, lesson: Lesson) -> None:
    run = town.runs()[0]
    town.trains(run, lesson.starts_at, 0.5, [0.5])
    town.write(run, "progress.json", '{"stage": "training", "fraction": "a lot"')
    town.write(run, "metrics.jsonl", 'not json\n{"step": 1, "accuracy": 0.7}\n{"step": 2, "acc')
    tile = look(town, lesson, after=9).tiles[0]
    assert (tile.state, tile.fraction) == ("running", None)
    assert tile.spark == (0.7,)


def test_only_news_changes_the_version(town: Town, lesson: Lesson) -> None:
    town.trains(town.runs()[0], lesson.starts_at + 1, 0.5, [0.5])
    agent_heard(town, lesson.starts_at)
    seen = look(town, lesson, after=5)
    later = look(town, lesson, after=8)
    assert later.version == seen.version
    assert later.taken_at != seen.taken_at
    assert look(town, lesson, after=5) == seen
    versions = {seen.version}
    town.trains(town.runs()[0], lesson.starts_at + 1, 0.6, [0.5, 0.6])
    versions.add(look(town, lesson, after=8).version)
    town.set(town.runs()[1], reason="held-by-staff", state="submitted")
    versions.add(look(town, lesson, after=8).version)
    town.set(town.runs()[0], state="succeeded", metrics={"accuracy": 0.9})
    versions.add(look(town, lesson, after=8).version)
    assert len(versions) == 4


def test_a_template_that_is_gone_still_has_a_map(town: Town, lesson: Lesson) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        session.get_one(Lesson, lesson.id).template = "gone"
    found = look(town, lesson, after=1)
    assert (found.title.en, found.curve) == ("gone", None)
    assert len(found.tiles) == 4


def test_as_json_is_json_in_the_readers_language(town: Town, lesson: Lesson) -> None:
    found = look(town, lesson, after=1)
    plain = json.loads(json.dumps(as_json(found, "zh")))
    assert plain["title"] == found.title.zh != found.title.en
    assert as_json(found, "en")["title"] == found.title.en
    assert plain["version"] == found.version
    assert plain["tiles"][0]["label"] == found.tiles[0].label.in_language("zh")
    assert plain["counts"]["waiting"] == 3


def test_why_seats_wait(town: Town, lesson: Lesson) -> None:
    first, second, third = town.runs()
    town.trains(first, lesson.starts_at, 0.25, [0.5])
    for run in (second, third):
        town.set(run, state="submitted", reason="waiting-for-school-share")
    view = {"capacity_eighths": 64, "schools": {"school_hua": {"limit_eighths": 1}}}
    with town.portal.store.begin(EVERYONE) as session:
        session.merge(ClusterView(name="nodes", seen_at=1.0, view=view))
    assert str(look(town, lesson, after=12).waiting_because) == (
        "Your school is using all 1 of its shares; 2 seats wait."
        " The next share is free in about 30 s."
    )
    said = look(town, lesson, after=12).waiting_because
    assert said is not None
    assert said.in_language("zh") == (
        "你们学校的 1 份算力都在用；还有 2 个座位在等。下一份大约 30 秒后空出来。"
    )
    town.set(second, state="running")
    assert str(look(town, lesson, after=12).waiting_because).startswith(
        "Your school is using all 1 of its shares; one seat waits."
    )
    for run in (first, second):
        town.set(run, state="succeeded")
    assert str(look(town, lesson, after=12).waiting_because) == (
        "Your school uses 0 of its 1 shares. Others start as soon as there is room."
    )


def tile(number: int, **values: Any) -> Tile:
    return Tile(**{"number": number, "state": "submitted", "waited_s": 5.0, **values})


SHARES = Shares(capacity=64, used_by_all=64, school_limit=None, used_by_school=3)


@pytest.mark.parametrize(
    ("tiles", "age", "sentence"),
    [
        ([tile(1, state="succeeded")], 1.0, None),
        ([tile(1)], 1.0, None),
        (
            [tile(1, reason_code="waiting-for-share")],
            1.0,
            "All 64 shares of the centre are in use.",
        ),
        (
            [
                tile(1, reason_code="waiting-for-share"),
                tile(2, state="running", ends_about=1035.0),
                tile(3, state="running", ends_about=1500.0),
            ],
            1.0,
            "All 64 shares of the centre are in use; the next one is free in about 40 s.",
        ),
        # A guess that has passed does not become a negative number.
        (
            [
                tile(1, reason_code="waiting-for-share"),
                tile(2, state="running", ends_about=900.0),
            ],
            1.0,
            "All 64 shares of the centre are in use; the next one is free in about 10 s.",
        ),
        (
            [
                tile(1, reason_code="held-by-staff"),
                tile(2, reason_code="waiting-for-priority"),
                tile(3, reason_code="waiting-for-priority"),
            ],
            1.0,
            "They are in the queue and start within seconds.",
        ),
        (
            [tile(1, reason_code="waiting-for-school-hours")],
            1.0,
            "Your school has used up its share-hours of this month. The centre's staff can give it"
            " more.",
        ),
        ([tile(1, state="waiting", waited_s=31.0)], None, str(SILENT)),
        ([tile(1, reason_code="waiting-for-share", waited_s=31.0)], 31.0, str(SILENT)),
        # An agent that had nothing to ask is not silent.
        ([tile(1, state="waiting", waited_s=1.0)], 3600.0, None),
        ([tile(1, reason_code="from-a-later-release")], 1.0, None),
    ],
)
def test_one_sentence_for_all_who_wait(
    tiles: list[Tile], age: float | None, sentence: str | None
) -> None:
    said = because(tiles, SHARES, age, now=1000.0)
    assert (None if said is None else str(said)) == sentence


@contextmanager
def counted(town: Town) -> Iterator[list[str]]:
    statements: list[str] = []

    def executed(*args: Any) -> None:
        statements.append(args[2])

    engine = town.portal.store.engine
    event.listen(engine, "before_cursor_execute", executed)
    yield statements
    event.remove(engine, "before_cursor_execute", executed)


def test_a_snapshot_is_a_handful_of_statements_however_many_run(town: Town, lesson: Lesson) -> None:
    teacher = town.here.teacher
    for run in town.runs():
        town.trains(run, lesson.starts_at, 0.5, [0.5])
    with town.portal.store.reading(teacher.tenant) as session:
        with counted(town) as statements:
            snapshot(session, town.portal, lesson.id, now=lesson.starts_at + 1)
        # The lesson with Slurm's last answer, and seats with their runs; shares only where
        # somebody waits.
        assert len([s for s in statements if s.startswith("SELECT")]) == 2
    town.set(town.runs()[0], state="waiting")
    with town.portal.store.reading(teacher.tenant) as session:
        with counted(town) as statements:
            snapshot(session, town.portal, lesson.id, now=lesson.starts_at + 1)
        assert len([s for s in statements if s.startswith("SELECT")]) == 5


def test_a_curve_that_is_over_is_not_read_again(town: Town, lesson: Lesson) -> None:
    run: Run = town.runs()[0]
    town.trains(run, lesson.starts_at, 1.0, [0.1, 0.2])
    town.set(run, state="succeeded")
    assert look(town, lesson, after=9).tiles[0].spark == (0.1, 0.2)
    town.write(run, "metrics.jsonl", "")
    assert look(town, lesson, after=9).tiles[0].spark == (0.1, 0.2)
