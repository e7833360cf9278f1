"""One snapshot for everybody who looks, and none when nobody does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from portal.web import broadcast
from portal.web.broadcast import Broadcaster
from portal.web.frame import Frame, Picture


def still(number: int, before: Frame | None = None, over: bool = False) -> Frame:
    """A frame by number, with one seat that moves and one that does not."""
    picture = Picture(
        head={language: {"number": number, "language": language} for language in ("zh", "en")},
        drawn=[{"number": 1, "fraction": number / 100}, {"number": 2, "fraction": 0.5}],
        words={language: [{"label": language}] * 2 for language in ("zh", "en")},
    )
    return Frame.following(before, str(number), over, picture)


class Film:
    """Makes frames, counts how often it was asked, and can end or break."""

    def __init__(self, moving: bool = True) -> None:
        self.made = 0
        self.moving = moving
        self.over = False
        self.broken = False

    def __call__(self, key: str, before: Frame | None) -> Frame:
        self.made += 1
        if self.broken:
            raise RuntimeError("no database")
        return still(self.made if self.moving else 1, before, self.over)


@pytest.fixture(autouse=True)
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "BEAT_S", 0.2)


def parsed(event: bytes) -> tuple[str, dict[str, Any]]:
    first, second = event.decode().strip().split("\n")
    return first.removeprefix("event: "), json.loads(second.removeprefix("data: "))


def take(stream: Iterator[bytes], count: int) -> list[tuple[str, dict[str, Any]]]:
    return [parsed(next(stream)) for _ in range(count)]


def test_all_listeners_share_the_frames() -> None:
    film = Film()
    house = Broadcaster(film, every=0.1)
    got: list[list[tuple[str, dict[str, Any]]]] = []
    until = time.time() + 20

    def look() -> None:
        stream = house.listen("a", "en", until)
        got.append(take(stream, 6))
        stream.close()  # type: ignore[attr-defined]

    lookers = [threading.Thread(target=look) for _ in range(12)]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join()
    assert len(got) == 12
    # Twelve times six events came from about six frames, not from seventy-two.
    assert film.made <= 12
    numbers = [event["number"] for _, event in got[0]]
    assert numbers == sorted(set(numbers))


def test_who_has_seen_the_last_frame_gets_what_changed_and_a_newcomer_all_of_it() -> None:
    house = Broadcaster(Film(), every=0.1)
    stream = house.listen("a", "en", time.time() + 20)
    (_, first), (_, second) = take(stream, 2)
    assert len(first["tiles"]) == 2
    assert second["tiles"] == [{"number": 1, "fraction": second["number"] / 100}]
    late = house.listen("a", "en", time.time() + 20)
    assert len(take(late, 1)[0][1]["tiles"]) == 2
    for one in (stream, late):
        one.close()  # type: ignore[attr-defined]


def test_who_has_missed_a_frame_gets_all_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    film = Film()
    house = Broadcaster(film, every=60)
    stream = house.listen("missed", "en", time.time() + 20)
    take(stream, 1)
    channel = house._channels["missed"]
    channel.put(film("missed", channel.frame))
    channel.put(film("missed", channel.frame))
    assert len(take(stream, 1)[0][1]["tiles"]) == 2
    stream.close()  # type: ignore[attr-defined]


def test_nothing_is_made_when_nobody_listens() -> None:
    film = Film()
    house = Broadcaster(film, every=0.05)
    stream = house.listen("a", "en", time.time() + 20)
    take(stream, 2)
    stream.close()  # type: ignore[attr-defined]
    assert house.listeners("a") == 0
    deadline = time.monotonic() + 30
    while any(t.name == "lesson a" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    made = film.made
    time.sleep(0.2)
    assert film.made == made


def test_a_frame_that_has_not_changed_is_a_beat() -> None:
    stream = Broadcaster(Film(moving=False), every=0.05).listen("a", "en", time.time() + 20)
    assert [name for name, _ in take(stream, 3)] == ["snapshot", "beat", "beat"]
    stream.close()  # type: ignore[attr-defined]


def test_the_stream_ends_with_the_lesson() -> None:
    film = Film()
    stream = Broadcaster(film, every=0.05).listen("a", "en", time.time() + 20)
    take(stream, 1)
    film.over = True
    names = [parsed(event)[0] for event in stream]
    assert names[-1] == "end"


def test_the_stream_ends_with_the_login() -> None:
    stream = Broadcaster(Film(), every=0.05).listen("a", "en", time.time() + 0.3)
    assert parsed(list(stream)[-1])[0] == "end"


def test_each_language_is_said_once() -> None:
    house = Broadcaster(Film(moving=False), every=60)
    chinese = house.latest("a").bytes_for("zh")
    assert json.loads(chinese)["language"] == "zh"
    assert json.loads(house.latest("a").bytes_for("en"))["language"] == "en"
    assert house.latest("a").bytes_for("zh") is chinese


def test_asking_often_costs_one_frame_an_interval() -> None:
    film = Film()
    house = Broadcaster(film, every=60)
    for _ in range(50):
        house.latest("a")
    assert film.made == 1


def test_a_fault_keeps_the_last_frame(caplog: pytest.LogCaptureFixture) -> None:
    film = Film()
    stream = Broadcaster(film, every=0.05).listen("a", "en", time.time() + 20)
    take(stream, 1)
    film.broken = True
    names = {name for name, _ in take(stream, 3)}
    assert "beat" in names
    film.broken = False
    while parsed(next(stream))[0] != "snapshot":
        pass
    stream.close()  # type: ignore[attr-defined]
    assert "no snapshot of lesson a" in caplog.text


def test_a_channel_is_not_forgotten_while_its_first_frame_is_made() -> None:
    house = Broadcaster(Film(), every=60)

    def slow(key: str, before: Frame | None) -> Frame:
        # Somebody else opens another class meanwhile, which is when idle ones are forgotten.
        if key == "slow":
            house.latest("quick")
        return still(1, before)

    house._make = slow
    stream = house.listen("slow", "en", time.time() + 20)
    assert take(stream, 1)[0][0] == "snapshot"
    assert house.listeners("slow") == 1
    assert house._channels["slow"].frame is not None
    house.latest("late")
    assert {"slow", "quick", "late"} <= house._channels.keys()
    stream.close()  # type: ignore[attr-defined]


def test_a_lesson_that_cannot_be_shown_leaves_no_listener() -> None:
    film = Film()
    film.broken = True
    house = Broadcaster(film, every=60)
    with pytest.raises(RuntimeError):
        next(house.listen("a", "en", time.time() + 20))
    assert house.listeners("a") == 0
