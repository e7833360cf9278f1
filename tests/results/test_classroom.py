from __future__ import annotations

import json
import os

from portal.results import classroom, progress
from portal.results.classroom import Classroom
from tests.results.conftest import Job, progress_of
from tests.results.test_run_folder import PROGRESS


def test_forty_at_once(tmp_path):
    attempts = []
    for seat in range(40):
        job = Job(tmp_path, run=f"{seat % 3}a-seat-{seat}", attempt=1 + seat % 2)
        attempts.append((job.run, job.attempt))
        if seat % 10:
            job.writes("progress.json", PROGRESS | {"step": seat})
    found = progress_of(tmp_path, attempts)
    assert len(found) == 36
    assert found["1a-seat-7"].step == 7


def test_one_bad_file_hides_no_other(tmp_path):
    good, torn, link, fifo = (Job(tmp_path, run=name) for name in ("good", "torn", "link", "fifo"))
    good.writes("progress.json", PROGRESS)
    torn.writes("progress.json", '{"stage": "tr')
    (link.folder / "progress.json").symlink_to(good.folder / "progress.json")
    os.mkfifo(fifo.folder / "progress.json")
    attempts = [(job.run, 1) for job in (torn, link, fifo, good)]
    assert list(progress_of(tmp_path, attempts)) == ["good"]


def test_before_anything_was_launched(tmp_path):
    assert progress_of(tmp_path, [("good", 1)]) == {}


def test_what_is_as_it_was_is_not_parsed_again(tmp_path, monkeypatch):
    parsed = []
    parse = progress.parse
    monkeypatch.setattr(progress, "parse", lambda content: parsed.append(1) or parse(content))
    job, seen = Job(tmp_path, run="good"), Classroom()
    job.writes("progress.json", PROGRESS | {"step": 7})
    for _ in range(3):
        assert progress_of(tmp_path, [("good", 1)], seen)["good"].step == 7
    assert len(parsed) == 1
    beside = job.folder / ".progress.json.1"
    beside.write_text(json.dumps(PROGRESS | {"step": 8}))
    beside.replace(job.folder / "progress.json")
    assert progress_of(tmp_path, [("good", 1)], seen)["good"].step == 8
    job.writes("progress.json", '{"stage": "tr')
    assert progress_of(tmp_path, [("good", 1)], seen) == {}


def test_runs_that_were_looked_at_long_ago_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(classroom, "MOST_KEPT", 3)
    seen = Classroom()
    for number in range(9):
        Job(tmp_path, run=f"run-{number}").writes("progress.json", PROGRESS)
        progress_of(tmp_path, [(f"run-{number}", 1)], seen)
    assert [run for _, run, _ in seen._seen] == ["run-6", "run-7", "run-8"]
