"""The portal's two processes on one machine, web and agent, as the service user."""

from __future__ import annotations

import http.client
import subprocess
import time
from http import HTTPStatus
from pathlib import Path

from stage import ports, processes
from stage.checkout import ROOT, SERVICE_USER, StageError
from stage.processes import Process
from stage.site import Site

SERVICES = ("web", "agent")
PYTHON_BIN = ROOT / ".venv" / "bin"
# Nobody waits so long on an idle machine; on a busy one slowness is no fault.
START_PATIENCE_S = 240.0
LOADING_S = 2.0
MARK = "KESUAN_SERVICE"

KESUAN = str(PYTHON_BIN / "kesuan")
_COMMANDS = {
    "web": [KESUAN, "serve"],
    # As the agent's unit has it: whoever waits for an answer comes first.
    "agent": ["/usr/bin/nice", "-n5", KESUAN, "agent"],
}


def environment(site: Site) -> dict[str, str]:
    """What the portal's processes are started with, and nothing else."""
    return {
        "PATH": f"{PYTHON_BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LC_ALL": "C.UTF-8",
        "HOME": str(site.folder / "data"),
        "KESUAN_SETTINGS": str(site.settings),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def start(site: Site, *names: str) -> None:
    """Start the named services, or both, unless they run; return when web answers."""
    wanted = names or SERVICES
    there = running(site)
    for name in wanted:
        if name in there:
            continue
        processes.start(
            _COMMANDS[name],
            log_of(site, name),
            environment(site) | mark(site, name),
            SERVICE_USER,
            site.folder,
        )
    begun = time.monotonic()
    while "web" in wanted and not _answers(site):
        _no_longer_than(START_PATIENCE_S, begun, site, wanted)
        time.sleep(0.05)
    # A process that cannot read its settings or its database ends at once, and says why.
    time.sleep(max(0.0, begun + 1 - time.monotonic()))
    _no_longer_than(START_PATIENCE_S, begun, site, wanted)


def stop(site: Site, *names: str) -> None:
    """End the named services, or both, with everything that they started."""
    wanted = names or SERVICES
    left = processes.end(lambda: _of(site, wanted))
    if left:
        raise StageError(f"processes {[process.pid for process in left]} cannot be ended")


def running(site: Site) -> dict[str, Process]:
    """The services that run, each by its first process."""
    found: dict[str, Process] = {}
    for name in SERVICES:
        family = _of(site, (name,))
        pids = {process.pid for process in family}
        heads = [process for process in family if process.parent not in pids]
        if heads:
            found[name] = min(heads, key=lambda process: process.started)
    return found


def command(site: Site, arguments: list[str]) -> int:
    """Run one command of the portal's as the service user, in the site; its exit status."""
    program = PYTHON_BIN / arguments[0]
    done = subprocess.run(
        [str(program) if program.exists() else arguments[0], *arguments[1:]],
        env=environment(site),
        user=SERVICE_USER,
        group=SERVICE_USER,
        extra_groups=[],
        cwd=site.folder,
        check=False,
    )
    return done.returncode


def log_of(site: Site, name: str) -> Path:
    return site.folder / "log" / f"{name}.log"


def _answers(site: Site) -> bool:
    """Whether web serves pages: gunicorn listens before its workers have read the portal.

    Somebody else on the same port may answer as well, and is not meant.
    """
    if not ports.listens_itself(site.port, {process.pid for process in _of(site, ("web",))}):
        return False
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def mark(site: Site, name: str) -> dict[str, str]:
    """What says in a process's environment which service of which site it belongs to."""
    return {MARK: f"{name}:{site.folder}"}


def _of(site: Site, names: tuple[str, ...]) -> list[Process]:
    marks = {mark(site, name)[MARK] for name in names}
    everything = processes.all_processes()
    return [process for process in everything if process.environment.get(MARK) in marks]


def _gone(site: Site, names: tuple[str, ...]) -> list[str]:
    there = running(site)
    return [name for name in names if name not in there]


def _no_longer_than(patience_s: float, begun: float, site: Site, names: tuple[str, ...]) -> None:
    """Raise for a service that has gone, or that is there and has not answered in time."""
    gone = _gone(site, names)
    if gone:
        # While a program is being loaded, from a cold disk for instance, /proc knows no environment
        # of its process: who is missed once may be there.
        time.sleep(LOADING_S)
        gone = _gone(site, names)
    if gone or time.monotonic() - begun > patience_s:
        name = (gone or list(names))[0]
        log = log_of(site, name)
        lines = log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
        raise StageError(f"{name} did not start: {lines[-1]} (all of it: {log})")
