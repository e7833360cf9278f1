"""Symlink races: what a job leaves is swapped for a link to a secret while it is downloaded.

The swapping goes on in a process of its own, as fast as it can, at three depths: the file, its
folder, and the folder of the attempt. A reader who looks first and opens then reads beside the
portal; that it is deceived shows that the races are real.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from stage.security.outcome import Outcome, progress
from tests.web import classroom

SECRET = b"CANARY-4c1f0a: nobody may read this\n"
NAIVE_EVERY = 10
# argv: the folder of the attempt, and a folder outside that is like it inside, with secrets.
SWAP = """
import os, sys
home, outside = sys.argv[1:]
places = ("artifacts/model.onnx", "artifacts", "log.txt", "")
turn = 0
while True:
    place = places[turn % len(places)]
    path, there = os.path.join(home, place).rstrip("/"), os.path.join(outside, place).rstrip("/")
    aside = path + ".aside"
    os.rename(path, aside)
    os.symlink(there, path)
    if turn % 3 == 0:
        os.sched_yield()
    os.unlink(path)
    os.rename(aside, path)
    turn += 1
    if turn % 1000 == 0:
        print(turn, flush=True)
"""


@dataclass
class Race:
    """A run that somebody downloads, while its folder is swapped."""

    teacher: FlaskClient
    run_id: str
    folder: Path

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is downloaded in turn."""
        run = f"/runs/{self.run_id}"
        one = f"{run}/artifacts/model.onnx"
        return (one, one, one, f"{run}/log", one, one, f"{run}/takehome.zip", one)


def tried(tries: int) -> Outcome:
    """So many downloads in the middle of the swapping."""
    outcome, tell = Outcome(), progress("links", tries)
    with _race() as race:
        for number in range(tries):
            outcome.tries += 1
            address = race.addresses[number % len(race.addresses)]
            with race.teacher.get(address) as answer:
                content = answer.get_data()
            if SECRET in content:
                outcome.fails(f"{address} gave the secret away")
            outcome.count("whole" if answer.status_code == HTTPStatus.OK else "refused")
            if answer.status_code not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
                outcome.fails(f"{address}: {answer.status_code}")
            if number % NAIVE_EVERY == 0:
                outcome.count("naive readers deceived", _naive(race.folder))
            tell(outcome.tries)
    if not outcome.seen.get("naive readers deceived"):
        outcome.fails("not even a naive reader was deceived: the races tested nothing")
    return outcome


def _naive(folder: Path) -> int:
    """How often of some twenty times somebody who looks first and opens then gets the secret."""
    path, deceived = folder / "artifacts" / "model.onnx", 0
    for _ in range(20):
        try:
            inside = str(folder.resolve())
            if os.path.realpath(path).startswith(inside) and SECRET in path.read_bytes():
                deceived += 1
        except OSError:
            continue
    return deceived


@contextmanager
def _race() -> Iterator[Race]:
    with TemporaryDirectory(prefix="kesuan-links-") as place:
        home, outside = Path(place) / "portal", Path(place) / "outside"
        home.mkdir()
        made = classroom.build(home)
        run_id = made.runs["succeeded"][0]
        root = made.house.settings.data.root
        folder = root / "runs" / run_id[:2] / run_id / "attempt-1"
        (outside / "artifacts").mkdir(parents=True)
        for name in ("artifacts/model.onnx", "log.txt", "status.json"):
            (outside / name).write_bytes(SECRET)
        teacher = made.client("li")
        swapper = subprocess.Popen(
            [sys.executable, "-I", "-c", SWAP, str(folder), str(outside)],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield Race(teacher, run_id, folder)
        finally:
            swapper.kill()
            swapper.wait()
            made.house.store.close()
