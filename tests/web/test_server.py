"""The portal under its real server, as the settings configure it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.web.classroom import Classroom

ROOT = Path(__file__).parents[2]
BLOCKING = """
from gevent import monkey; monkey.patch_all()
import gevent
from portal.web.hashing import away
ticks = []
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0.01)
gevent.spawn(tick)
sleep = monkey.get_original("time", "sleep")
assert away(lambda: sleep(0.5) or True) is True
print(len(ticks))
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answer_of(address: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_gunicorn_serves_what_the_settings_say(classroom: Classroom, tmp_path: Path) -> None:
    port = free_port()
    root = classroom.house.settings.data.root.parent
    content = (root / "kesuan.toml").read_text(encoding="utf-8").replace(":8080", f":{port}")
    settings = root / "served.toml"
    settings.write_text(content, encoding="utf-8")
    with (tmp_path / "log").open("wb") as log:
        command = ["-m", "gunicorn", "-c", "python:portal.gunicorn_conf", "portal.wsgi:application"]
        server = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "KESUAN_SETTINGS": str(settings)},
            stdout=log,
            stderr=log,
        )
    try:
        assert 'name="password"' in answer_of(f"http://127.0.0.1:{port}/login")
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0, (tmp_path / "log").read_text(encoding="utf-8")
    assert "Using worker: gevent" in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_hash_does_not_stop_the_loop() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # Had the loop stood still, there would be none but the first.
    assert int(done.stdout) > 5
