from __future__ import annotations

import json
import logging

import pytest

from portal.errors import NotFound
from portal.results.folder import Confusion, Prediction, RunFolder
from portal.results.points import thin

PROGRESS = {
    "stage": "training",
    "step": 62,
    "steps": 100,
    "fraction": 0.62,
    "epoch": 2,
    "epochs": 5,
    "metrics": {"accuracy": 0.9},
    "updated_at": 1_800_000_000,
}


def test_progress(job):
    job.writes("progress.json", PROGRESS)
    found = job.read.progress(1)
    assert (found.stage, found.step, found.steps, found.fraction) == ("training", 62, 100, 0.62)
    assert (found.epoch, found.epochs, found.metrics) == (2, 5, {"accuracy": 0.9})
    assert job.read.progress(2) is None


def test_a_fraction_stays_between_none_and_all(job):
    job.writes("progress.json", PROGRESS | {"fraction": 17})
    assert job.read.progress(1).fraction == 1.0


def test_status(job):
    job.writes("status.json", job.status(finished_early=True))
    found = job.read.status(1)
    assert (found.verdict, found.reason, found.finished_early) == ("succeeded", None, True)
    assert (found.metrics, found.steps, found.exit_code) == ({"accuracy": 0.91}, 300, 0)
    assert found.ended_at - found.started_at == 59.5


BAD_STATUS = {
    "torn": "{" + '"version":1',
    "another version": {"version": 2},
    "another run's": {"run": "ffffffff-1111-4222-8333-444455556666"},
    "another attempt's": {"attempt": 2},
    "no verdict": {"verdict": "splendid"},
    "a reason that is no code": {"reason": "<script>"},
    "no time": {"ended_at": None},
    "endless time": {"started_at": 10**400},
    "an exit code of text": {"exit_code": "0"},
    "artifacts of text": {"artifacts": "model.onnx"},
    "metrics of a list": {"metrics": [1]},
}


@pytest.mark.parametrize("what", BAD_STATUS)
def test_a_status_that_cannot_be_believed_is_not_there_and_is_logged(job, caplog, what):
    bad = BAD_STATUS[what]
    job.writes("status.json", bad if isinstance(bad, str) else job.status() | bad)
    with caplog.at_level(logging.WARNING):
        assert job.read.status(1) is None
    assert job.run in caplog.text


def test_metrics_that_are_no_numbers_are_left_out(job):
    text = json.dumps(job.status()).replace('"accuracy": 0.91', '"accuracy": 0.9, "loss": "x"')
    job.writes("status.json", text)
    assert job.read.status(1).metrics == {"accuracy": 0.9}


def test_nan_is_no_json(job):
    job.writes("progress.json", json.dumps(PROGRESS).replace("0.9", "NaN"))
    assert job.read.progress(1) is None


def test_claim(job):
    job.writes("claim.json", {"job_id": "123_4", "host": "node1", "started_at": 5})
    assert job.read.claim(1).job_id == "123_4"


def line(step: int, **series: float) -> str:
    return json.dumps({"step": step, "t": step / 10, **series}) + "\n"


def test_points_are_read_as_they_come(job):
    file = job.writes("metrics.jsonl", line(1, loss=0.5) + line(2, loss=0.4) + '{"step": 3, "lo')
    points, following = job.read.metrics(1)
    assert points == [{"step": 1, "t": 0.1, "loss": 0.5}, {"step": 2, "t": 0.2, "loss": 0.4}]
    assert job.read.metrics(1, following) == ([], following)
    with file.open("a") as more:
        more.write('ss": 0.3}\n' + line(4, accuracy=0.8))
    points, following = job.read.metrics(1, following)
    assert points == [{"step": 3, "loss": 0.3}, {"step": 4, "t": 0.4, "accuracy": 0.8}]
    assert following == file.stat().st_size
    assert job.read.metrics(1, following + 99) == ([], following + 99)
    assert job.read.metrics(1, 2**80) == ([], 2**80)
    assert job.read.metrics(1, -5)[1] == following


def test_senseless_lines_are_passed_over(job):
    lines = ["\0\0\0", "[1]", "{}", '{"loss": NaN}', "\udcff", '{"a": {"b": 1}}', "{" * 9_000]
    text = "\n".join([*lines, line(7, loss=1.0)])
    job.writes("metrics.jsonl", text.encode("utf-8", "surrogateescape"))
    assert job.read.metrics(1)[0] == [{"step": 7, "t": 0.7, "loss": 1.0}]


def test_one_endless_line_does_not_hold_the_reader(job):
    job.writes("metrics.jsonl", b"x" * (9 << 20))
    points, following = job.read.metrics(1)
    assert (points, following) == ([], 8 << 20)
    assert job.read.metrics(1, following) == ([], 8 << 20)


def test_a_long_curve_is_thinned_and_keeps_rare_series():
    points = [{"step": float(n), "loss": 1.0 / (n + 1)} for n in range(20_000)]
    for epoch in range(1, 21):
        points[epoch * 1_000 - 1]["accuracy"] = epoch / 20
    thinned = thin(points, 500)
    assert len(thinned) == 500
    assert [p["accuracy"] for p in thinned if "accuracy" in p] == [e / 20 for e in range(1, 21)]
    assert thinned[-1]["step"] == 19_999
    steps = [p["step"] for p in thinned]
    assert steps == sorted(steps)


def test_the_end_of_a_log_as_a_person_would_see_it(job):
    bar = "".join(f"\r{n}%" for n in range(101))
    job.writes(
        "log.txt",
        f"one\x1b[31m red\x1b[0m\r\n{bar}\nbell\a 中文 \udc80\n".encode("utf-8", "surrogateescape"),
    )
    assert job.read.log(1) == "one red\n100%\nbell 中文 �\n"
    assert RunFolder(job.data_root, "ffff").log(1) == ""


def test_a_tail_begins_with_a_whole_line(job):
    job.writes("log.txt", "".join(f"line {n}\n" for n in range(1_000)))
    assert job.read.log(1, tail=20) == "line 998\nline 999\n"
    assert job.read.log(1, tail=0) == ""


def test_artifacts_are_those_that_were_listed_and_are_there(job):
    job.leaves(model__onnx=b"onnx", predictions_of_000__png=b"png", gone__json=b"{}")
    (job.artifacts / "gone.json").unlink()
    job.writes("artifacts/secret.txt", "not listed")
    found = job.read.artifacts(1)
    assert [(a.name, a.kind, a.bytes, a.media_type) for a in found] == [
        ("model.onnx", "model", 4, "application/octet-stream"),
        ("predictions/000.png", "picture", 3, "image/png"),
    ]
    assert str(found[0].title) == "Model (ONNX)"
    with job.read.open(1, "predictions/000.png") as opened:
        assert (opened.name, opened.size, opened.file.read()) == ("000.png", 3, b"png")
    for name in ("secret.txt", "gone.json", "../status.json", "/etc/passwd", "", "."):
        with pytest.raises(NotFound):
            job.read.open(1, name)


def test_a_download_is_as_long_as_was_announced(job):
    job.leaves(model__onnx=b"onnx")
    with job.read.open(1, "model.onnx") as opened:
        with (job.artifacts / "model.onnx").open("ab") as file:
            file.write(b" and more")
        assert opened.file.read(3) + opened.file.read(99) + opened.file.read(99) == b"onnx"


def test_nothing_is_open_before_there_is_a_status(job):
    job.writes("artifacts/model.onnx", "half")
    assert job.read.artifacts(1) == []
    with pytest.raises(NotFound):
        job.read.open(1, "model.onnx")


def test_confusion_and_predictions(job):
    job.writes("artifacts/confusion.json", {"labels": ["猫", "dog"], "matrix": [[5, 1], [0, 6]]})
    assert job.read.confusion(1) == Confusion(("猫", "dog"), ((5, 1), (0, 6)))
    items = [
        {"picture": "predictions/000.png", "truth": "cat", "guess": "dog", "confidence": 0.7},
        {"row": {"a": 1.5, "b": None, "c": "x"}, "truth": "cat", "guess": "cat"},
        {"picture": "../../../etc/passwd", "truth": "cat", "guess": "cat"},
        {"truth": 7},
    ]
    job.writes("artifacts/predictions.json", {"items": items})
    assert job.read.predictions(1) == [
        Prediction("predictions/000.png", None, "cat", "dog", 0.7),
        Prediction(None, {"a": "1.5", "b": "", "c": "x"}, "cat", "cat", None),
    ]
    assert len(job.read.predictions(1, limit=1)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"labels": [], "matrix": []},
        {"labels": ["a"], "matrix": [[1, 2]]},
        {"labels": ["a", "b"], "matrix": [[1, 2]]},
        {"labels": ["a"], "matrix": [[-1]]},
        {"labels": ["a"], "matrix": [[0.5]]},
        {"labels": ["a"] * 200, "matrix": [[1] * 200] * 200},
    ],
)
def test_a_matrix_that_is_not_square_is_none(job, bad):
    job.writes("artifacts/confusion.json", bad)
    assert job.read.confusion(1) is None


@pytest.mark.parametrize("run", ["", "a", "..", "../etc", "a/b", "A" * 36, "a" * 65, "a\0b", "-rf"])
def test_only_an_id_names_a_run(job, run):
    with pytest.raises(ValueError, match="no id of a run"):
        RunFolder(job.data_root, run)


def test_files_that_are_too_long_are_not_there(job):
    job.writes("progress.json", json.dumps(PROGRESS) + " " * 70_000)
    job.writes("status.json", json.dumps(job.status()) + " " * (1 << 20))
    assert job.read.progress(1) is None
    assert job.read.status(1) is None
