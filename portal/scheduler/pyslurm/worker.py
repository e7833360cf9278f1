"""The process that holds pyslurm: `python -m portal.scheduler.pyslurm.worker [FOLDER]`.

It does one call at a time and can die in any of them, because libslurm ends its process where it
finds no way on (`fatal`). It ends when its keeper closes the pipe. FOLDER is where pyslurm lies,
if not among the portal's own packages.
"""

from __future__ import annotations

import importlib
import os
import pwd
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, BinaryIO

from portal.scheduler.checks import NAME
from portal.scheduler.pyslurm.dialects import Dialect, UnknownRelease, dialect_of
from portal.scheduler.pyslurm.wire import REQUEST_BYTES, TASK_FIELDS, line, message

# Without it libslurm cuts the list of an array's waiting tasks after 64 characters. It must not
# reach a job: pyslurm passes every SLURM_* variable of its process on.
_WHOLE_LISTS = "SLURM_BITSTR_LEN"


class Calls:
    """What the keeper can ask for."""

    def __init__(self, pyslurm: ModuleType, dialect: Dialect) -> None:
        self._pyslurm = pyslurm
        self._description = dialect.description(pyslurm)
        self.by_name: Mapping[str, Callable[..., Any]] = {
            "queue": self.queue,
            "submit": self.submit,
            "ping": self.ping,
        }

    def queue(self, user: str, name: str | None) -> dict[str, list[Any]]:
        """One query: rows of the user's tasks with names of ours, and what cannot be read."""
        mine = pwd.getpwnam(user).pw_uid
        os.environ[_WHOLE_LISTS] = "0"
        tasks: list[list[Any]] = []
        unreadable: list[str] = []
        for job in self._pyslurm.Jobs.load().values():
            if job.user_id != mine:
                continue
            title = job.name or ""
            if not NAME.fullmatch(title) or name not in (None, title):
                continue
            try:
                tasks.append([getattr(job, field) for field in TASK_FIELDS])
            except (AttributeError, LookupError, TypeError, ValueError) as fault:
                unreadable.append(f"{job.id} {title}: {fault!r}")
        return {"tasks": tasks, "unreadable": unreadable}

    def submit(self, options: Mapping[str, Any]) -> int:
        """Hand over one array job; its id."""
        os.environ.pop(_WHOLE_LISTS, None)
        return int(self._description(**options).submit())

    def ping(self) -> None:
        """Ask the controller for its configuration."""
        self._pyslurm.slurmctld.Config.load()


def greeting(pyslurm: ModuleType) -> dict[str, str]:
    """The fields of `wire.Greeting`."""
    major, minor, micro = pyslurm.slurm_api_version()
    return {"pyslurm": pyslurm.__version__, "slurm": f"{major}.{minor:02}.{micro}"}


def answer(calls: Calls, pyslurm: ModuleType, request: Mapping[str, Any]) -> dict[str, Any]:
    """Do one call. pyslurm complains of a request itself before anything is sent."""
    try:
        return {"result": calls.by_name[request["call"]](**request["with"])}
    except pyslurm.RPCError as refusal:
        return {"refused": {"kind": "slurm", "words": str(refusal)}}
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as fault:
        return {"refused": {"kind": "request", "words": str(fault) or repr(fault)}}


def main(arguments: list[str]) -> int:
    """Greet, then answer until the pipe is closed."""
    answers = _answers()
    sys.path += arguments
    try:
        pyslurm = importlib.import_module("pyslurm")
        calls = Calls(pyslurm, dialect_of(pyslurm.__version__))
    except (ImportError, UnknownRelease) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    answers.write(line(greeting(pyslurm)))
    while raw := sys.stdin.buffer.readline(REQUEST_BYTES + 1):
        request = message(raw)
        answers.write(line({"id": request["id"], **answer(calls, pyslurm, request)}))
    return 0


def _answers() -> BinaryIO:
    """The pipe to the keeper. What libraries print goes to stderr and never among the answers."""
    pipe = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(pipe, "wb", buffering=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
