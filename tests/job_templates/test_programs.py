"""Both templates for real: on a node and on a laptop, and the model that is taken home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from portal.catalog import Template, load_template, parameters, publish
from tests.job_templates.node import TEMPLATES, VENV, Node

SCORE = Path(__file__).with_name("score.py")
DATA = {"image-classifier": "digits", "tabular-classifier": "penguins"}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node that runs the published copy of the templates."""
    root = tmp_path / "data"
    version = publish([TEMPLATES], root)
    return Node(root, root / "programs" / version)


def prepare(node: Node, name: str, real_data: Path, **settings: Any) -> Template:
    """A run of a template with some settings and the defaults for the rest."""
    template = load_template(TEMPLATES / name)
    data = real_data / DATA[name]
    manifest = json.loads((data / "manifest.json").read_text())
    node.prepare(
        template.program,
        data=data,
        environment=VENV,
        parameters=parameters(template, manifest, "teacher", settings),
    )
    return template


def score(python: Path, attempt: Path, data: Path) -> dict[str, Any]:
    """What the model that was taken home gets right, by code that shares nothing with ours."""
    done = subprocess.run(
        [python, SCORE, attempt, data], check=True, capture_output=True, text=True, timeout=120
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def points_of(attempt: Path) -> list[dict[str, float]]:
    """The curve that a run drew."""
    return [json.loads(line) for line in (attempt / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("image-classifier", {"epochs": 4}),
        ("image-classifier", {"epochs": 2, "picture_size": "32", "augment": True}),
        ("tabular-classifier", {"algorithm": "KNN"}),
        ("tabular-classifier", {"algorithm": "CART"}),
        ("tabular-classifier", {"algorithm": "RandomForest", "trees": 20}),
        ("tabular-classifier", {"algorithm": "SVM"}),
        ("tabular-classifier", {"algorithm": "NaiveBayes", "features": ["bill_length_mm"]}),
        ("tabular-classifier", {"algorithm": "MLP", "features": ["island", "sex"]}),
    ],
)
def test_the_model_taken_home_has_the_accuracy_that_was_shown(
    python: Path, real_data: Path, node: Node, name: str, settings: dict[str, Any]
) -> None:
    template = prepare(node, name, real_data, **settings)
    code, output = node.work()
    assert code == 0, output + (node.attempt / "log.txt").read_text()

    status = node.status()
    taken_home = score(python, node.attempt, real_data / DATA[name])
    assert status["metrics"]["accuracy"] == pytest.approx(taken_home["accuracy"], abs=1e-6)
    assert taken_home["sums"] == pytest.approx([1.0] * len(taken_home["sums"]), abs=1e-4)

    written = {artifact["name"]: artifact["kind"] for artifact in status["artifacts"]}
    for artifact in template.artifacts:
        assert written[artifact.name] == artifact.kind
    confusion = json.loads((node.attempt / "artifacts" / "confusion.json").read_text())
    matrix = confusion["matrix"]
    right = sum(matrix[n][n] for n in range(len(matrix)))
    assert right / sum(map(sum, matrix)) == pytest.approx(taken_home["accuracy"], abs=1e-6)

    points = points_of(node.attempt)
    declared = {series.name for series in template.curve.series}
    assert all(declared <= point.keys() and template.curve.x in point for point in points)
    assert [p[template.curve.x] for p in points] == sorted(p[template.curve.x] for p in points)
    assert status["train_seconds"] > 0
    assert status["setup_seconds"] > 0
    assert status["steps"] > 0


def test_a_few_epochs_are_enough_to_read_digits(python: Path, real_data: Path, node: Node) -> None:
    prepare(node, "image-classifier", real_data, epochs=6)
    assert node.work()[0] == 0
    assert node.status()["metrics"]["accuracy"] > 0.85
    assert node.status()["metrics"]["baseline"] == pytest.approx(0.1)
    accuracies = [point["accuracy"] for point in points_of(node.attempt)]
    assert node.status()["metrics"]["accuracy"] == pytest.approx(max(accuracies), abs=0.01)


def test_all_seats_are_tested_on_the_same_pictures(
    python: Path, real_data: Path, tmp_path: Path
) -> None:
    held_out = []
    for seat, per_class in enumerate((10, 40)):
        node = Node(tmp_path / str(seat), TEMPLATES)
        prepare(node, "image-classifier", real_data, epochs=1, pictures_per_class=per_class)
        assert node.work()[0] == 0
        split = json.loads((node.attempt / "artifacts" / "split.json").read_text())
        held_out.append(split["held_out"])
    assert held_out[0] == held_out[1]


def test_the_bell_keeps_the_best_model(python: Path, real_data: Path, node: Node) -> None:
    prepare(node, "image-classifier", real_data, epochs=30, model_size="large", picture_size="64")
    job = node.start()
    curve = node.attempt / "metrics.jsonl"
    end = time.monotonic() + 300
    while not (curve.exists() and len(points_of(node.attempt)) >= 2):
        assert time.monotonic() < end
        time.sleep(0.05)
    job.send_signal(signal.SIGUSR1)
    assert job.wait(300) == 0
    status = node.status()
    assert status["finished_early"] is True
    progress = json.loads((node.attempt / "progress.json").read_text())
    assert progress["epoch"] < 30
    taken_home = score(python, node.attempt, real_data / "digits")
    assert status["metrics"]["accuracy"] == pytest.approx(taken_home["accuracy"], abs=1e-6)
    assert "下课铃响了" in (node.attempt / "artifacts" / "report.html").read_text()


def test_a_learning_rate_that_is_too_big_is_not_a_crash(
    python: Path, real_data: Path, node: Node
) -> None:
    prepare(node, "image-classifier", real_data, epochs=2, learning_rate="0.1")
    node.work()
    assert node.status()["reason"] in (None, "not-a-number")


@pytest.mark.parametrize("name", ["image-classifier", "tabular-classifier"])
def test_data_that_is_gone_or_too_little_has_its_own_reason(
    python: Path, real_data: Path, tmp_path: Path, name: str
) -> None:
    few = {
        "pictures.zip": b"PK\x05\x06" + bytes(18),
        "data.csv": b"a,b\n1,x\n2,y\n",
        "manifest.json": b'{"label": "b"}',
    }
    for number, (files, reason) in enumerate(
        [({}, ("data-unreadable", "too-little-data")), (few, ("too-little-data",))]
    ):
        data = tmp_path / f"content{number}"
        data.mkdir()
        for file, body in files.items():
            (data / file).write_bytes(body)
        node = Node(tmp_path / f"root{number}", TEMPLATES)
        template = load_template(TEMPLATES / name)
        manifest = json.loads((real_data / DATA[name] / "manifest.json").read_text())
        settings = parameters(template, manifest, "teacher", {})
        node.prepare(template.program, data=data, environment=VENV, parameters=settings)
        assert node.work()[0] == 1
        assert node.status()["reason"] in reason


@pytest.mark.parametrize("name", ["image-classifier", "tabular-classifier"])
def test_a_laptop_needs_neither_portal_nor_run_json(
    python: Path, real_data: Path, tmp_path: Path, name: str
) -> None:
    program = TEMPLATES / name / "train.py"
    setting = "epochs=1" if name == "image-classifier" else "algorithm=CART"
    command = [python, program, "--data", real_data / DATA[name], "--set", setting]
    command += ["--set", "held_out=0.3", "--language", "en"]
    done = subprocess.run(
        command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "accuracy=" in done.stdout
    page = (tmp_path / "result" / "artifacts" / "report.html").read_text()
    assert "How it learnt" in page
    assert "<script" not in page
    assert "http" not in page


def test_a_laptop_says_which_settings_there_are(python: Path, tmp_path: Path) -> None:
    program = TEMPLATES / "image-classifier" / "train.py"
    done = subprocess.run(
        [python, program, "--data", "x", "--set", "speed=9"],
        cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "epochs" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_from_a_data_set_are_text_in_the_report(python: Path, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    rows = [f'{n % 2 * 5 + n % 3},"{hostile if n % 2 else "b & c"}"' for n in range(40)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join([f"{hostile},kind", *rows]) + "\n")
    program = TEMPLATES / "tabular-classifier" / "train.py"
    environ = {"PATH": os.environ["PATH"]}
    subprocess.run(
        [python, program, "--data", table], cwd=tmp_path, env=environ, check=True, timeout=60
    )
    page = (tmp_path / "result" / "artifacts" / "report.html").read_text()
    assert hostile not in page
    assert "&lt;script&gt;" in page
