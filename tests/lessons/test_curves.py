"""The small curve grows by what is new, and is left alone once its run is over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portal.lessons import curves
from portal.lessons.curves import MOST_KEPT, MOST_POINTS, Curves
from portal.results.folder import RunFolder

RUN = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def offsets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From which byte each look at the file went on."""
    asked: list[int] = []
    read = RunFolder.metrics

    def metrics(folder: RunFolder, attempt: int, since: int = 0) -> object:
        asked.append(since)
        return read(folder, attempt, since)

    monkeypatch.setattr(RunFolder, "metrics", metrics)
    return asked


def write(root: Path, values: list[float]) -> int:
    """Append points; the size of the file."""
    folder = root / "runs" / RUN[:2] / RUN / "attempt-1"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        for value in values:
            file.write(json.dumps({"step": 1, "accuracy": value}) + "\n")
    return (folder / "metrics.jsonl").stat().st_size


def test_only_what_is_new_is_read(tmp_path: Path, offsets: list[int]) -> None:
    seen = Curves()
    size = write(tmp_path, [0.1, 0.2])
    assert seen.spark(tmp_path, RUN, 1, "accuracy", over=False) == (0.1, 0.2)
    longer = write(tmp_path, [0.3])
    assert seen.spark(tmp_path, RUN, 1, "accuracy", over=False) == (0.1, 0.2, 0.3)
    assert seen.spark(tmp_path, RUN, 1, "accuracy", over=True) == (0.1, 0.2, 0.3)
    assert seen.spark(tmp_path, RUN, 1, "accuracy", over=True) == (0.1, 0.2, 0.3)
    assert offsets == [0, size, longer]


def test_attempts_and_series_are_apart(tmp_path: Path) -> None:
    seen = Curves()
    write(tmp_path, [0.1])
    assert seen.spark(tmp_path, RUN, 1, "accuracy", over=True) == (0.1,)
    assert seen.spark(tmp_path, RUN, 2, "accuracy", over=True) == ()
    assert seen.spark(tmp_path, RUN, 1, "loss", over=True) == ()


def test_a_chatty_job_does_not_fill_the_memory(tmp_path: Path) -> None:
    seen = Curves()
    for turn in range(9):
        write(tmp_path, [turn + number / 400 for number in range(400)])
        spark = seen.spark(tmp_path, RUN, 1, "accuracy", over=False)
    assert len(spark) == MOST_POINTS
    assert list(spark) == sorted(spark)
    assert all(len(curve.values) <= MOST_KEPT for curve in seen._seen.values())


def test_the_oldest_curves_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_CURVES", 3)
    seen = Curves()
    for attempt in range(1, 9):
        seen.spark(tmp_path, RUN, attempt, "accuracy", over=True)
    assert [key[2] for key in seen._seen] == [6, 7, 8]
