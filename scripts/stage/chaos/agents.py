"""The agent under test: started, killed with or without what it runs, stopped and let go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from stage import services
from stage.checkout import SERVICE_USER, StageError
from stage.site import Site

NURSERY = Path(__file__).parent / "nursery.py"
PATIENCE_S = 60.0


class Nursery:
    """A process that forks agents; `also` is added to the environment of all of them."""

    def __init__(self, site: Site, also: Mapping[str, str] | None = None) -> None:
        self._site = site
        self._process = subprocess.Popen(
            [str(services.PYTHON_BIN / "python"), str(NURSERY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=services.environment(site) | services.mark(site, "agent") | dict(also or {}),
            user=SERVICE_USER,
            group=SERVICE_USER,
            extra_groups=[],
            cwd=site.folder,
            umask=0o022,
            start_new_session=True,
        )

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What it answers; raises StageError where it has gone."""
        talk, listen = self._process.stdin, self._process.stdout
        if talk is None or listen is None:
            raise StageError("the agents' nursery has no ears")
        talk.write(json.dumps(order).encode())
        talk.flush()
        answer = listen.readline()
        if not answer:
            raise StageError("the agents' nursery has gone")
        found: dict[str, Any] = json.loads(answer)
        return found

    def agent(self) -> int:
        """The process id of a fresh agent."""
        return int(
            self.ask({"do": "agent", "log": str(services.log_of(self._site, "agent"))})["pid"]
        )

    def close(self) -> None:
        """End it; its agents are ended by who asked for them."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()


class Agents:
    """One agent at work, and now and then another one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._nursery = Nursery(site)
        self.pids: list[int] = []

    @property
    def nursery(self) -> Nursery:
        return self._nursery

    def start(self, nursery: Nursery | None = None) -> int:
        """One more agent."""
        pid = (nursery or self._nursery).agent()
        self.pids.append(pid)
        return pid

    def kill(self, pid: int | None = None, *, family: bool = False) -> None:
        """SIGKILL to one agent, or to all; with `family` to the commands that it runs as well."""
        for one in [pid] if pid is not None else list(self.pids):
            children = children_of(one) if family else []
            for number in (one, *children):
                _signal(number, signal.SIGKILL)
            self._await_end(one)
            self.pids.remove(one)

    def ask_to_stop(self) -> None:
        """SIGTERM to all, which end their round first."""
        for one in list(self.pids):
            _signal(one, signal.SIGTERM)
        for one in list(self.pids):
            self._await_end(one)
            self.pids.remove(one)

    def pause(self, pid: int) -> None:
        _signal(pid, signal.SIGSTOP)

    def go_on(self, pid: int) -> None:
        _signal(pid, signal.SIGCONT)

    def close(self) -> None:
        """Nothing of it is left."""
        for pid in self.pids:
            self.go_on(pid)
        self.kill(family=True)
        self._nursery.close()

    def _await_end(self, pid: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                raise StageError(f"agent {pid} does not end")
            time.sleep(0.002)


def children_of(pid: int) -> list[int]:
    """What a process has started, whichever of its threads did."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
