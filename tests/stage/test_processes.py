"""Finding and ending processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from stage import processes
from stage.processes import Process, read_process

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(flush=True)
time.sleep(60)
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"], env={"MARK": "one two=three"})
    yield process
    process.kill()
    process.wait()


def of(child: subprocess.Popen[bytes]) -> list[Process]:
    found = read_process(child.pid)
    return [found] if found else []


def test_a_process_is_read_whole(child: subprocess.Popen[bytes]) -> None:
    [found] = of(child)
    assert found.program == "sleep"
    assert found.arguments == ("sleep", "60")
    assert found.parent == os.getpid()
    assert found.environment == {"MARK": "one two=three"}


def test_what_has_ended_is_nothing(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert of(child) == []  # a zombie: nobody has asked for its exit status yet


def test_end_asks_first(child: subprocess.Popen[bytes]) -> None:
    assert processes.end(lambda: of(child)) == []
    assert child.wait() == -signal.SIGTERM


def test_end_kills_what_does_not_listen() -> None:
    child = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        assert processes.end(lambda: of(child), patience_s=0.2) == []
        assert child.wait() == -signal.SIGKILL


def test_end_wakes_what_was_stopped(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGSTOP)
    assert processes.end(lambda: of(child), patience_s=30) == []
    assert child.wait() == -signal.SIGTERM


def test_a_later_process_with_the_same_id_is_left_alone(child: subprocess.Popen[bytes]) -> None:
    [found] = of(child)
    earlier = replace(found, started=found.started - 1)
    assert not processes.send(earlier, signal.SIGKILL)
    assert child.poll() is None


def test_descendants_are_found_through_a_middle_one() -> None:
    def made(pid: int, parent: int) -> Process:
        return Process(pid, parent, 0, "sh", "sh", (), {})

    everything = [made(10, 1), made(11, 10), made(12, 11), made(20, 1), made(21, 20)]
    found = processes.with_descendants([everything[0]], everything)
    assert {process.pid for process in found} == {10, 11, 12}
