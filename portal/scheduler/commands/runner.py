"""Starting Slurm's commands: a list of arguments, a fixed environment, a time limit."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# A job gets this search path too (see `arguments.submission`), so it names no folder of the
# portal's own: a job must find the node's Python, not the portal's.
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# For commands that only ask. SLURM_TIME_FORMAT makes squeue and sacct print seconds since the
# epoch, whatever the time zone; SLURM_BITSTR_LEN=0 keeps array expressions whole.
# https://slurm.schedmd.com/squeue.html#SECTION_ENVIRONMENT-VARIABLES
QUERY_ENVIRONMENT: Mapping[str, str] = {
    "LC_ALL": "C",
    "TZ": "UTC",
    "SLURM_TIME_FORMAT": "%s",
    "SLURM_BITSTR_LEN": "0",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind; a negative `code` is the signal that ended it."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it complained about, for staff."""
        return self.err.strip() or self.out.strip() or f"exit code {self.code}"


class NoAnswer(Exception):
    """The command did not come to an end. `started` tells whether it may have done its work."""

    def __init__(self, words: str, *, started: bool) -> None:
        super().__init__(words)
        self.words = words
        self.started = started


@dataclass(frozen=True)
class Runner:
    """Runs Slurm's commands with an environment that owes nothing to the caller's.

    None of the caller's SBATCH_*, SQUEUE_* or SLURM_* variables gets through: an inherited
    SBATCH_TIMELIMIT, for one, would beat the script's own.
    """

    folder: Path | None = None
    conf: Path | None = None
    timeout_s: float = 30.0
    environment: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        me = pwd.getpwuid(os.geteuid())
        own = {
            "PATH": SEARCH_PATH,
            "HOME": me.pw_dir,
            "USER": me.pw_name,
            "LOGNAME": me.pw_name,
            "LANG": "C.UTF-8",
        }
        if self.conf is not None:
            own["SLURM_CONF"] = str(self.conf)
        object.__setattr__(self, "environment", own)

    def ask(self, command: str, *arguments: str) -> Answer:
        """Run a command that only asks."""
        return self.run(command, arguments, QUERY_ENVIRONMENT)

    def run(
        self, command: str, arguments: Sequence[str], also: Mapping[str, str] | None = None
    ) -> Answer:
        """Run to the end or to the time limit; raises `NoAnswer`."""
        path = shutil.which(command, path=str(self.folder) if self.folder else None)
        if path is None:
            where = self.folder or "PATH"
            raise NoAnswer(f"{command}: not found in {where}", started=False)
        try:
            process = subprocess.Popen(
                [path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**self.environment, **(also or {})},
                cwd="/",
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except (OSError, ValueError) as cause:
            raise NoAnswer(f"{command}: {cause}", started=False) from cause
        with process:
            try:
                out, err = process.communicate(timeout=self.timeout_s)
            except subprocess.TimeoutExpired as cause:
                # What it complained of so far, a file that it waits for say.
                said = (cause.stderr or b"").decode(errors="replace").strip()[-300:]
                words = "; ".join(
                    filter(None, [f"{command}: no end within {self.timeout_s:g} s", said])
                )
                raise NoAnswer(words, started=True) from cause
            finally:
                _end(process)
        return Answer(process.returncode, out, err)


def _end(process: subprocess.Popen[str]) -> None:
    """Leave nothing behind: a site's wrapper may have children of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
