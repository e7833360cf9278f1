"""Workers share the work of making frames, and a worker that finds none makes its own."""

from __future__ import annotations

import fcntl
import os
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.web.broadcast import Broadcaster
from portal.web.frame import Frame
from portal.web.relay import KEPT_S, Relay
from portal.web.rounds import MARGIN_S, since_round, until_round
from portal.web.snapshots import frame_of
from tests.web.classroom import Classroom
from tests.web.test_broadcast import still

EVERY = 1.0


@dataclass
class Maker:
    """Makes numbered frames, each after a while."""

    made: int = 0
    takes_s: float = 0.0

    def __call__(self, _key: str, before: Frame | None) -> Frame:
        self.made += 1
        time.sleep(self.takes_s)
        return still(self.made, before)


def a_round_begins(key: str = "a") -> None:
    time.sleep(until_round(key, EVERY))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda c=call: found.append(c())) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_four_workers_in_the_same_moment_one_makes_the_frame(tmp_path: Path) -> None:
    maker = Maker(takes_s=0.05)
    a_round_begins()
    workers = [Relay(tmp_path, maker, EVERY) for _ in range(4)]
    frames = at_once(*[lambda w=worker: w("a", None) for worker in workers])
    assert [frame.version for frame in frames] == ["1"] * 4
    assert maker.made == 1


def test_the_next_round_is_a_frame_of_its_own_and_so_is_another_lesson(tmp_path: Path) -> None:
    maker = Maker()
    worker, other = Relay(tmp_path, maker, EVERY), Relay(tmp_path, maker, EVERY)
    a_round_begins()
    assert worker("a", None).version == other("a", None).version == "1"
    assert other("b", None).version == "2"
    a_round_begins()
    assert other("a", None).version == worker("a", None).version == "3"


def test_a_worker_that_comes_late_takes_the_frame_of_its_round(tmp_path: Path) -> None:
    maker = Maker()
    a_round_begins()
    assert Relay(tmp_path, maker, EVERY)("a", None).version == "1"
    time.sleep(EVERY * 0.6)
    assert Relay(tmp_path, maker, EVERY)("a", None).version == "1"


def test_rounds_of_lessons_are_spread_and_leave_a_pause() -> None:
    waits = [until_round(str(lesson), EVERY) for lesson in range(400)]
    assert max(waits) - min(waits) > 0.9 * EVERY
    assert min(waits) > 0.25 * EVERY
    a_round_begins()
    assert since_round("a", EVERY) >= MARGIN_S / 2


def test_who_waits_in_vain_makes_a_frame_alone(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "a.lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    begun = time.monotonic()
    assert Relay(tmp_path, Maker(), EVERY)("a", None).version == "1"
    assert time.monotonic() - begun >= EVERY
    os.close(lock)


def test_what_makes_no_sense_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.frame").write_bytes(b"half a fra")
    assert Relay(tmp_path, Maker(), EVERY)("a", None).version == "1"
    assert "cannot be read" in caplog.text


def test_a_folder_that_was_tidied_away_stops_no_page(tmp_path: Path) -> None:
    maker = Maker()
    folder = tmp_path / "gone"
    assert Relay(folder, maker, EVERY)("a", None).version == "1"
    assert Relay(folder, maker, EVERY)("a", None).version == "1"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_lessons_of_long_ago_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Relay(tmp_path, Maker(), EVERY)
    worker("old", None)
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    monkeypatch.setattr(worker, "_swept_at", time.monotonic() - KEPT_S)
    worker("new", None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.frame", "new.lock"]


def test_what_nobody_looks_at_is_forgotten_by_every_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = [Relay(tmp_path, Maker(), EVERY) for _ in range(2)]
    for worker in workers:
        worker("deleted", None)
        monkeypatch.setattr(worker, "_swept_at", time.monotonic() - KEPT_S)
    long_ago = time.time() - KEPT_S - 1
    os.utime(tmp_path / "deleted.frame", (long_ago, long_ago))
    for worker in workers:
        Broadcaster(worker, EVERY).forget_old()
        assert worker._known == {}
    assert list(tmp_path.iterdir()) == []


def test_the_news_begin_from_what_any_worker_left_last(tmp_path: Path) -> None:
    one, other = Relay(tmp_path, Maker(), EVERY), Relay(tmp_path, Maker(made=1), EVERY)
    first = one("a", None)
    a_round_begins()
    # Its own pages were shown something else long ago.
    second = other("a", still(0))
    assert (first.version, second.version, second.before) == ("1", "2", "1")


def test_a_class_looks_the_same_after_the_way_through_the_folder(classroom: Classroom) -> None:
    made = frame_of(classroom.house, classroom.lesson_id)
    taken = pickle.loads(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))  # noqa: S301 - our own
    assert taken == made
    # Nothing has changed since, so nobody is told anything.
    assert frame_of(classroom.house, classroom.lesson_id, taken) is taken
