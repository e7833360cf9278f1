"""Who holds the lease, and how it is seen that its holder is no more."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from portal.agent import lease
from portal.store import EVERYONE
from tests.agent.conftest import World

PRINT = """
import sys, time
from portal.agent import lease
print(lease.new_holder(), flush=True)
time.sleep(600)
"""


def take(world: World, holder: str) -> bool:
    with world.store.begin(EVERYONE) as session:
        return lease.hold(session, holder, world.clock(), 15)


def test_a_living_agent_keeps_the_next_one_out(world: World) -> None:
    holder = lease.new_holder()
    assert not lease.has_gone(holder)
    assert take(world, holder)
    assert not take(world, "another")


def test_a_killed_agent_holds_nothing(world: World) -> None:
    with subprocess.Popen([sys.executable, "-c", PRINT], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        holder = one.stdout.readline().strip()
        assert take(world, holder)
        assert not take(world, lease.new_holder())
        one.send_signal(signal.SIGKILL)
        # Not waited for yet: a dead process whose parent has not looked is dead all the same.
        while not lease.has_gone(holder):
            pass
        assert take(world, lease.new_holder())


def test_another_process_with_its_number_is_not_it() -> None:
    host, pid, started, space, unique = lease.new_holder().split(":")
    assert lease.has_gone(":".join([host, pid, str(int(started) + 1), space, unique]))


@pytest.mark.parametrize(
    "holder",
    [
        "elsewhere:1:1:0c6f51a2-0000-4000-8000-000000000000/4026531836:abcdef01",
        "an-older-release:4711:abcdef01",
        "no-number:x:1:y:z",
        "nothing",
        "",
    ],
)
def test_what_cannot_be_looked_at_is_not_called_gone(holder: str) -> None:
    assert not lease.has_gone(holder)


def test_where_proc_says_nothing_nobody_is_called_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_process_ids", lambda: "")
    holder = lease.new_holder()
    assert take(world, holder)
    monkeypatch.setattr(lease, "_started", lambda _pid: "")
    assert not take(world, "another")
