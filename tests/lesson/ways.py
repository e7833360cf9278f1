"""The day's portal with its agent on another way to Slurm, as a site's settings would say it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stage import processes, services
from stage.checkout import SERVICE_USER
from stage.processes import Process

from portal.scheduler.rest import KeySigner

if TYPE_CHECKING:
    from tests.conftest import Cluster
    from tests.lesson.day import Day

# Seconds that the agent gives to one question, and that a token lives: short, so that a lesson of
# some seconds sees both run out.
TIMEOUT_S = 2
TOKEN_S = 6
# Longer than the controller's own patience, so that a submission that a paused controller took is
# never sent again.
SETTLE_S = 15


@dataclass
class Mint:
    """What signs tokens at the centre. It stands for `ssh login scontrol token …`.

    Every token is noted; a forged one is handed out instead while there is one.
    """

    folder: Path
    cluster: Cluster
    command: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o777)
        script = self.folder / "mint"
        script.write_text(
            "#!/bin/sh\n"
            f"[ -e {self._forged} ] && exec /bin/cat {self._forged}\n"
            f"echo $2 >> {self._noted}\n"
            f"SLURM_CONF={self.cluster.slurm_conf} "
            f'exec /usr/bin/scontrol token "username=$1" lifespan={TOKEN_S}\n'
        )
        script.chmod(0o755)
        self._noted.unlink(missing_ok=True)
        self.honest()
        self.command = [str(script), "{user}", "{seconds}"]

    @property
    def minted(self) -> int:
        """How many tokens Slurm has made so far."""
        return len(self._noted.read_text().split()) if self._noted.exists() else 0

    def forge(self) -> None:
        """From now on tokens are signed with a key that Slurm does not know."""
        key = self.folder / "wrong-key"
        key.write_bytes(b"w" * 32)
        self._forged.write_text(KeySigner(key).sign(SERVICE_USER, 3600, time.time()))

    def honest(self) -> None:
        self._forged.unlink(missing_ok=True)

    @property
    def _noted(self) -> Path:
        return self.folder / "minted"

    @property
    def _forged(self) -> Path:
        return self.folder / "forged"


@contextmanager
def way(day: Day, *lines: str, path: str | None = None) -> Iterator[None]:
    """The agent works with these lines in its settings' [slurm], and as before afterwards.

    `path` is all that it finds programs on; with one of its own it knows of no slurm.conf either.
    """
    settings = day.site.settings
    before = settings.read_text()
    mine = [*lines, f"command_timeout_s = {TIMEOUT_S}", f"settle_s = {SETTLE_S}"]
    text = before.replace("[slurm]\n", "[slurm]\n" + "\n".join(mine) + "\n")
    environment = services.environment(day.site)
    if path is not None:
        text = re.sub(r"(?m)^conf = .*\n", "", text)
        environment["PATH"] = path
    services.stop(day.site, "agent")
    settings.write_text(text)
    try:
        processes.start(
            [str(services.PYTHON_BIN / "kesuan"), "agent"],
            services.log_of(day.site, "agent"),
            environment | {services.MARK: f"agent:{day.site.folder}"},
            SERVICE_USER,
            day.site.folder,
        )
        yield
    finally:
        services.stop(day.site, "agent")
        settings.write_text(before)
        services.start(day.site, "agent")


def agent(day: Day) -> Process:
    """The process that leads the agent's family."""
    return services.running(day.site)["agent"]


def workers(day: Day) -> list[Process]:
    """The agent's processes that hold pyslurm."""
    family = processes.with_descendants([agent(day)], processes.all_processes())
    return [one for one in family if "portal.scheduler.pyslurm.worker" in one.arguments]


def mapped(process: Process) -> set[str]:
    """The names of the libraries that a process has in its memory."""
    lines = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    return {Path(line.split()[-1]).name for line in lines if "/" in line}
