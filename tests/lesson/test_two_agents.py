"""Two agents by mistake, and one that is restarted: one works, the other takes over, none twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from stage import processes, services
from stage.checkout import SERVICE_USER

from tests.lesson.day import Day, taking_part

pytestmark = pytest.mark.cluster

LEASE_S = 5
PATIENCE_S = 120.0
# An sbatch that takes its time, so that its agent is told to go meanwhile.
SLOW_SBATCH = """#!/bin/sh
[ "$1" = --version ] && exec /usr/bin/sbatch --version
touch {folder}/under-way
sleep 2
exec /usr/bin/sbatch "$@"
"""


@dataclass
class Agent:
    """One agent of the day's site; systemd signals only its first process (KillMode=mixed)."""

    process: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """With all that it runs at that moment."""
        everything = processes.all_processes()
        (head,) = [each for each in everything if each.pid == self.process.pid]
        for each in processes.with_descendants([head], everything):
            processes.send(each, signal.SIGKILL)
        self.process.wait()

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")


@dataclass
class Agents:
    """Agents on one site, with a lease of seconds."""

    day: Day
    folder: Path
    settings: Path
    started: list[Agent] = field(default_factory=list)

    def start(self) -> Agent:
        log = self.folder / f"agent{len(list(self.folder.glob('*.log')))}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("kesuan"), "agent"],
                env={
                    **services.environment(self.day.site),
                    **services.mark(self.day.site, "agent"),
                    "KESUAN_SETTINGS": str(self.settings),
                },
                stdout=output,
                stderr=output,
                user=SERVICE_USER,
                group=SERVICE_USER,
                extra_groups=[],
                cwd=self.day.site.folder,
            )
        self.started.append(Agent(process, log))
        return self.started[-1]

    @property
    def leader(self) -> int | None:
        """The process id of the agent that holds the lease, or None."""
        database = self.day.site.folder / "database" / "kesuan.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (holder, until) = connection.execute("SELECT holder, until FROM lease").fetchone()
        return int(holder.split(":")[1]) if until > time.time() else None

    def leads(self, agent: Agent) -> bool:
        return self.leader == agent.process.pid


def wait_for(there: Callable[[], bool], *agents: Agent) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline, [agent.said for agent in agents]
        time.sleep(0.05)


@pytest.fixture
def agents(day: Day) -> Iterator[Agents]:
    services.stop(day.site, "agent")
    folder = day.site.folder / "two"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    os.chown(folder, day.data_root.stat().st_uid, -1)
    settings = day.site.folder / "two.toml"
    plain = day.site.settings.read_text()
    sbatch = folder / "sbatch"
    sbatch.write_text(SLOW_SBATCH.format(folder=folder))
    sbatch.chmod(0o755)
    for name in ("squeue", "sacct", "scancel", "scontrol", "sinfo", "sacctmgr", "sdiag"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    plain = plain.replace("[agent]\n", f"[agent]\nlease_s = {LEASE_S}\n")
    # The sbatch that is killed here dies before it has said a word to the controller.
    slurm = f'[slurm]\nbackend = "commands"\nbin = "{folder}"\nsettle_s = 5\n'
    settings.write_text(plain.replace("[slurm]\n", slurm))
    made = Agents(day, folder, settings)
    yield made
    services.stop(day.site, "agent")
    for agent in made.started:
        agent.process.wait()


def launch(day: Day) -> dict[str, Any]:
    return day.launch("counting", "penguins", seconds=1)


def all_forty_once(day: Day, lesson: dict[str, Any]) -> None:
    seen = day.ended(lesson["id"])
    assert Counter(seat["state"] for seat in taking_part(seen)) == {"succeeded": 40}
    claims = day.claims(seen)
    assert len(claims) == 40
    assert all(len(jobs) == 1 for jobs in claims.values())
    assert Counter(record.state for record in day.records(seen)) == {"COMPLETED": 40}


def test_the_second_waits_and_takes_over_from_the_killed(day: Day, agents: Agents) -> None:
    first = agents.start()
    wait_for(lambda: agents.leads(first), first)
    second = agents.start()
    lesson = launch(day)
    wait_for(lambda: (agents.folder / "under-way").exists(), first, second)
    first.kill()
    all_forty_once(day, lesson)
    assert agents.leads(second)
    assert second.process.poll() is None


def test_who_was_stopped_past_the_lease_notices_and_does_nothing(day: Day, agents: Agents) -> None:
    first = agents.start()
    wait_for(lambda: agents.leads(first), first)
    first.signal(signal.SIGSTOP)
    lesson = launch(day)
    second = agents.start()
    all_forty_once(day, lesson)
    assert agents.leads(second)
    submitted = first.said.count("event=submitted")
    first.signal(signal.SIGCONT)
    wait_for(lambda: "another agent has taken over" in first.said, first, second)
    again = launch(day)
    all_forty_once(day, again)
    assert agents.leads(second)
    assert first.said.count("event=submitted") == submitted
    # It is in reserve now: the other one goes, and it begins at once.
    second.signal(signal.SIGTERM)
    assert second.process.wait(PATIENCE_S) == 0
    wait_for(lambda: agents.leads(first), first, second)


def test_a_restart_finishes_the_submission_in_hand_and_hands_over(day: Day, agents: Agents) -> None:
    first = agents.start()
    wait_for(lambda: agents.leads(first), first)
    lesson = launch(day)
    wait_for(lambda: (agents.folder / "under-way").exists(), first)
    first.signal(signal.SIGTERM)
    assert first.process.wait(PATIENCE_S) == 0, first.said
    # What sbatch said is in the database: the next agent finds nothing in doubt.
    assert first.said.count("event=submitted") == 1
    assert agents.leader is None
    second = agents.start()
    all_forty_once(day, lesson)
    assert "outcome=adopted" not in second.said
    assert agents.leads(second)
