"""Find processes by what they are, and end them without ever hitting another.

Files with process ids go stale when something is killed, and an id is given out again. So nothing
is believed but /proc at the time: a process is opened first (pidfd), then recognised, and then
signalled through that handle, which cannot come to mean another process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
ROOT = Path("/")


@dataclass(frozen=True)
class Process:
    """What /proc says about one process; empty where it may not be read."""

    pid: int
    parent: int
    started: int  # clock ticks since the machine's start: with the id, it names one process
    program: str  # base name of the executable
    title: str  # what the process calls itself, which may differ from the program
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    root: Path = ROOT  # the folder that is its "/": another one in a chroot

    def open_files(self) -> list[str]:
        """Paths that its descriptors and its working directory point to."""
        folder = PROC / str(self.pid)
        paths = []
        try:
            links = [folder / "cwd", *(folder / "fd").iterdir()]
        except OSError:
            return []
        for link in links:
            try:
                paths.append(str(link.readlink()))
            except OSError:
                continue  # closed meanwhile
        return paths


def read_process(pid: int, root: Path = ROOT) -> Process | None:
    """One process, or None when it is gone, or a zombie, a kernel thread or of another chroot.

    A chroot shares its process ids with the machine and may well have the same paths in it; `root`
    is the one that is meant.
    """
    folder = PROC / str(pid)
    try:
        if not (folder / "root").samefile(root):
            return None
        # Field 2, the name, may hold spaces and brackets; nothing behind its last bracket does.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        state, parent, started = fields[0], int(fields[1]), int(fields[19])
        arguments = (folder / "cmdline").read_bytes().decode(errors="replace")
        if state in "ZX":
            return None
        title = (folder / "comm").read_text().rstrip("\n")
        program = (folder / "exe").readlink().name.removesuffix(" (deleted)")
        environment = (folder / "environ").read_bytes().decode(errors="replace")
    except (OSError, IndexError, ValueError):
        return None
    pairs = (entry.partition("=") for entry in environment.split("\0"))
    return Process(
        pid,
        parent,
        started,
        program,
        title,
        tuple(arguments.rstrip("\0").split("\0")),
        {name: value for name, found, value in pairs if found},
        root,
    )


def all_processes(root: Path = ROOT) -> list[Process]:
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    found = (read_process(pid, root) for pid in pids)
    return [process for process in found if process is not None and process.pid != os.getpid()]


def with_descendants(chosen: Iterable[Process], everything: Iterable[Process]) -> list[Process]:
    """The chosen processes, and the children of their children."""
    children: dict[int, list[Process]] = {}
    for process in everything:
        children.setdefault(process.parent, []).append(process)
    found: dict[int, Process] = {}
    waiting = list(chosen)
    while waiting:
        process = waiting.pop()
        if process.pid not in found:
            found[process.pid] = process
            waiting.extend(children.get(process.pid, []))
    return list(found.values())


def send(process: Process, number: signal.Signals) -> bool:
    """Signal this process and no later one with its id; False when it has gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        now = read_process(process.pid, process.root)
        if now is None or now.started != process.started:
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def end(find: Callable[[], list[Process]], patience_s: float = 10.0) -> list[Process]:
    """Ask what ``find`` finds to end, and kill what has not after ``patience_s`` seconds.

    Returns what is still there in the end, which is nothing unless it cannot be killed. ``find``
    is asked again each time, so what was started meanwhile is ended too.
    """
    for number, patience in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 5.0)):
        signalled: set[int] = set()
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            left = find()
            if not left:
                return []
            for process in left:
                if process.pid not in signalled:
                    signalled.add(process.pid)
                    send(process, number)
                    # A stopped process looks at its signals only when it goes on.
                    send(process, signal.SIGCONT)
            time.sleep(0.05)
    return find()


def start(
    command: list[str],
    log: Path,
    environment: Mapping[str, str],
    user: str | None = None,
    folder: Path = Path("/"),
) -> None:
    """Start a process of its own session, as ``user``, that outlives this one.

    Its output goes to ``log``. It gets no other environment than the one given. It is nobody's
    child, so that nobody has to wait for its end.
    """
    with log.open("ab") as output:
        subprocess.run(
            ["/usr/bin/setsid", "--fork", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd=folder,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            umask=0o022,
            check=True,
        )
