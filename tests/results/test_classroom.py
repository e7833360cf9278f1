from __future__ import annotations

import os

from portal.results.classroom import progress_of
from tests.results.conftest import Job
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
