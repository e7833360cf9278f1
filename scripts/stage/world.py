"""A cluster and a site of one name, brought up and taken down together.

Each step is one of the commands that people use, so that their locks and their choice of ports
hold here too.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

from stage import slapd
from stage.checkout import StageError
from stage.plan import ClusterPlan, load_plan
from stage.postgres import Server
from stage.school import SLURM_ACCOUNT
from stage.site import SITES, Site, load_site
from stage.slapd import Directory

SHARES = 64  # of the school: all that four nodes with two GPUs each have


def up(
    name: str,
    say: Callable[[str], None],
    port: int | None = None,
    *,
    database: Server | None = None,
    directory: Directory | None = None,
) -> tuple[ClusterPlan, Site]:
    """Start what does not run yet; `say` is told what is there.

    The site's database is SQLite unless a PostgreSQL is given, and people have local accounts
    unless they are in a directory.
    """
    _command("cluster", "up", "--name", name)
    _command("cluster", "account", SLURM_ACCOUNT, "--shares", str(SHARES), "--name", name)
    plan = load_plan(name)
    if plan is None:
        raise StageError("the cluster has gone")
    gpus = plan.nodes * plan.gpus
    say(f"Slurm is up: {plan.nodes} nodes, {gpus} GPUs, {gpus * plan.shards} shares")
    words = ["--port", str(port)] if port else []
    if database is not None:
        words += ["--database", database.address]
        words += ["--database-password-file", str(database.password_file)]
    words += ["--directory", directory.name if directory is not None else ""]
    _command("site", "up", "--name", name, *words)
    site = load_site(name)
    if site is None:
        raise StageError("the site has gone")
    say(f"web and agent are up: {site.address}")
    return plan, site


def down(name: str) -> None:
    """End every process; harmless where none runs."""
    if load_site(name) is not None:
        _command("site", "down", "--name", name)
    if load_plan(name) is not None:
        _command("cluster", "down", "--name", name)
    slapd.down(name)


def forget(name: str) -> None:
    """End every process, and remove accounts, runs, data and history."""
    down(name)
    if load_plan(name) is not None:
        _command("cluster", "down", "--wipe", "--name", name)
    shutil.rmtree(SITES / name, ignore_errors=True)


def stop_when_told() -> None:
    """A polite signal is like Ctrl-C: what was started is taken down on the way out."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _command(command: str, *words: str) -> None:
    """One of scripts/stage/commands, quiet unless it fails."""
    done = subprocess.run(
        [sys.executable, "-m", f"stage.commands.{command}", *words],
        capture_output=True,
        text=True,
        check=False,
        # A Ctrl-C at the terminal is for the caller, who takes down what this has started.
        start_new_session=True,
    )
    if done.returncode != 0:
        raise StageError((done.stderr or done.stdout).strip())
