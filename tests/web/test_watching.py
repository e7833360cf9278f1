"""What `scripts/bench watch` is made of, before a real server: jobs report, and pages show it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from stage.bench import audience, reporting
from stage.checkout import StageError
from stage.site import Site
from stage.viewers import session_cookie

from tests.web.classroom import PASSWORD, Classroom, build
from tests.web.test_server import ROOT, answer_of, free_port

SERVER = ("-m", "gunicorn", "-c", "python:portal.gunicorn_conf", "portal.wsgi:application")
PAGES, EVERY_S = 6, 0.5


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Classroom, Site]]:
    """A classroom of its own, for its runs go on reporting, behind gunicorn."""
    folder = tmp_path_factory.mktemp("busy")
    port = free_port()
    classroom = build(folder, port=port)
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *SERVER],
            cwd=ROOT,
            env={**os.environ, "KESUAN_SETTINGS": str(folder / "kesuan.toml")},
            stdout=output,
            stderr=output,
        )
    answer_of(f"http://127.0.0.1:{port}/login")
    yield classroom, Site("busy", "none", port)
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0, log.read_text(encoding="utf-8")
    classroom.house.store.close()


def test_what_jobs_report_is_on_every_page_with_its_age(busy: tuple[Classroom, Site]) -> None:
    classroom, site = busy
    root = classroom.house.settings.data.root
    folders = [root / "runs" / run[:2] / run / "attempt-1" for run in classroom.runs["running"]]
    epoch = time.time()
    lessons = [(session_cookie(site, "li", PASSWORD), classroom.lesson_id)]
    with (
        reporting.writing(folders, EVERY_S, epoch, environment=dict(os.environ)) as writer,
        audience.watching(site, epoch, lessons, PAGES) as crowd,
    ):
        crowd.begin()
        time.sleep(3)
        told = crowd.tell()
        written = writer.end()
    assert (told.open, told.errors) == (PAGES, {})
    assert told.fewest_events >= 2
    # Each of the pages that are taken apart has seen each run more than once.
    assert len(told.lags_s) >= audience.LOOKS * len(folders)
    assert 0 < told.lags_s[0] <= told.lags_s[-1] < 3.5
    assert written.reports >= 3 / EVERY_S * len(folders) / 2


def test_a_page_that_does_not_open_is_said(busy: tuple[Classroom, Site]) -> None:
    _classroom, site = busy
    with (
        pytest.raises(StageError, match="HTTP 302"),
        audience.watching(site, time.time(), [("session=nobody", "no-lesson")], 2),
    ):
        pass
