"""Curves, logs and files of a run, as its folder has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import World, fresh_key, lesson_body


@pytest.fixture
def run_id(world: World) -> str:
    lesson = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key()).json
    found: str = lesson["seats"][0]["run"]
    return found


@pytest.fixture
def attempt(world: World, run_id: str) -> Path:
    folder = world.settings.data.root / "runs" / run_id[:2] / run_id / "attempt-1"
    (folder / "artifacts").mkdir(parents=True)
    return folder


def _status(run_id: str, *artifacts: dict[str, Any]) -> str:
    status = {
        "version": 1,
        "run": run_id,
        "attempt": 1,
        "job": "1_0",
        "verdict": "succeeded",
        "reason": None,
        "finished_early": False,
        "exit_code": 0,
        "metrics": {"accuracy": 0.9},
        "started_at": 1.0,
        "ended_at": 2.0,
        "setup_seconds": 0.1,
        "train_seconds": 0.9,
        "steps": 10,
        "detail": "",
        "artifacts": list(artifacts),
    }
    return json.dumps(status)


def test_before_a_run_began_there_is_nothing_to_read(world: World, run_id: str) -> None:
    teacher = world.hua.teacher
    assert teacher.get(f"/runs/{run_id}/metrics").json == {"points": [], "next": 0}
    assert teacher.get(f"/runs/{run_id}/log").text == ""
    assert teacher.get(f"/runs/{run_id}/artifacts").json == {"items": []}
    assert teacher.get(f"/runs/{run_id}/confusion").status_code == 404
    assert teacher.get(f"/runs/{run_id}/progress").status_code == 404


def test_points_are_read_from_where_one_stopped(world: World, run_id: str, attempt: Path) -> None:
    file = attempt / "metrics.jsonl"
    file.write_text('{"step": 1, "t": 0.5, "accuracy": 0.5}\n')
    first = world.hua.teacher.get(f"/runs/{run_id}/metrics").json
    with file.open("a") as more:
        more.write('{"step": 2, "t": 1.0, "accuracy": 0.7}\n')
    second = world.hua.teacher.get(f"/runs/{run_id}/metrics?since={first['next']}").json
    assert [point["step"] for point in first["points"]] == [1]
    assert [point["accuracy"] for point in second["points"]] == [0.7]


def test_a_log_is_text_and_is_taken_for_nothing_else(
    world: World, run_id: str, attempt: Path
) -> None:
    (attempt / "log.txt").write_text("<script>alert(1)</script>\n")
    answer = world.hua.teacher.get(f"/runs/{run_id}/log")
    assert answer.content_type.startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_saved_and_never_shown(world: World, run_id: str, attempt: Path) -> None:
    content = bytes(range(256)) * 1000
    (attempt / "artifacts" / "model.onnx").write_bytes(content)
    (attempt / "artifacts" / "unlisted.txt").write_bytes(b"not in status.json")
    listed = {"name": "model.onnx", "kind": "model", "bytes": len(content), "sha256": "0" * 64}
    (attempt / "status.json").write_text(_status(run_id, listed))
    items = world.hua.teacher.get(f"/runs/{run_id}/artifacts").json["items"]
    assert [(item["name"], item["bytes"]) for item in items] == [("model.onnx", len(content))]
    answer = world.hua.teacher.get(f"/runs/{run_id}/artifacts/model.onnx")
    assert answer.data == content
    assert answer.headers["Content-Disposition"] == "attachment; filename=model.onnx"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_length == len(content)


@pytest.mark.parametrize("name", ["unlisted.txt", "../status.json", "%2e%2e/status.json", ".."])
def test_what_a_run_did_not_list_is_not_there(
    world: World, run_id: str, attempt: Path, name: str
) -> None:
    (attempt / "artifacts" / "unlisted.txt").write_bytes(b"not in status.json")
    (attempt / "status.json").write_text(_status(run_id))
    assert world.hua.teacher.get(f"/runs/{run_id}/artifacts/{name}").status_code == 404
