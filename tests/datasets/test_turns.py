"""A few uploads are checked at once, over all processes; others wait, or are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.datasets.turns import turn
from portal.errors import Unavailable
from tests.datasets.conftest import House, Reception

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from portal.datasets.turns import turn
with turn(Path(sys.argv[1]), 2):
    print("mine", flush=True)
    time.sleep(600)
"""


def test_there_are_as_many_turns_as_the_site_says(tmp_path: Path) -> None:
    with turn(tmp_path, 2), turn(tmp_path, 2):
        with pytest.raises(Unavailable) as told, turn(tmp_path, 2, patience_s=0):
            pass
        assert told.value.transient
        assert "2 uploads are being checked" in str(told.value.message)
    with turn(tmp_path, 2, patience_s=0), turn(tmp_path, 2, patience_s=0):
        pass


def test_who_waits_comes_next(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with turn(tmp_path, 1):
            order.append("second")

    with turn(tmp_path, 1):
        waiting = threading.Thread(target=second)
        waiting.start()
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]


def test_another_process_counts_and_its_end_by_any_means_gives_its_turn_back(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with turn(tmp_path, 2), pytest.raises(Unavailable), turn(tmp_path, 2, patience_s=0):
            pass
        other.send_signal(signal.SIGKILL)
    with turn(tmp_path, 2, patience_s=0), turn(tmp_path, 2, patience_s=0):
        pass


def test_what_is_known_needs_no_check_and_no_turn(house: House, reception: Reception) -> None:
    table = "a,b\n" + "1,x\n2,y\n" * 20
    first = reception.take(table)
    folder = house.data.root / "contents" / ".checking"
    with turn(folder, house.data.checks_at_once), turn(folder, house.data.checks_at_once):
        assert reception.take(table) == first
