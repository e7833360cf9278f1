"""A real Slurm of this room's own, because these tests stop and kill its controller."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import cluster as stage_cluster
from stage import debian
from stage.releases import slurm_under_test

from portal.scheduler.commands import CommandsScheduler, Runner
from tests.conftest import NAME, Cluster, start_cluster
from tests.scheduler.live import LiveWorld

SERVICE_USER = "kesuan"
SWITCH = (
    "/usr/bin/setpriv",
    f"--reuid={SERVICE_USER}",
    f"--regid={SERVICE_USER}",
    "--clear-groups",
)
COMMANDS = ("sbatch", "squeue", "sacct", "scancel", "scontrol", "sacctmgr")


@pytest.fixture(scope="session")
def live_cluster() -> Iterator[Cluster]:
    """Two nodes of two GPUs of eight shares; school1 is roomy, school2 has four shares."""
    cluster = start_cluster(f"{NAME}sched"[:16], nodes=2, rest=True, debian=slurm_under_test())
    cluster.account("school1", 64)
    cluster.account("school2", 4)
    yield cluster
    if os.environ.get("KESUAN_KEEP_CLUSTER") != "1":
        stage_cluster.down(cluster.plan)


@pytest.fixture(scope="session")
def live_folder(live_cluster: Cluster) -> Iterator[Path]:
    """A folder that the service user can write in, with its commands in `bin` and root's in `sbin`.

    The tests are root's and the jobs must not be, so each command changes its user on the way, as
    a site's own wrapper might. pytest's own folders are closed to everybody but root.
    """
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=live_cluster.plan.folder))
    folder.chmod(0o755)
    for place, user in (("bin", SERVICE_USER), ("sbin", None)):
        (folder / place).mkdir()
        for command in COMMANDS:
            wrapper = folder / place / command
            words = there(live_cluster, user, f"/usr/bin/{command}")
            wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
            wrapper.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def there(cluster: Cluster, user: str | None, *command: str) -> list[str]:
    """What root starts so that somebody runs a command where the cluster's Slurm is."""
    if cluster.plan.debian:
        return debian.inside(cluster.plan.debian, [*command], user)
    return [*SWITCH, *command] if user else [*command]


@pytest.fixture
def live(live_cluster: Cluster, live_folder: Path) -> LiveWorld:
    """The commands backend on a real Slurm."""
    runner = Runner(live_folder / "bin", live_cluster.slurm_conf, 30.0)
    staff = CommandsScheduler(
        Runner(live_folder / "sbin", live_cluster.slurm_conf, 30.0), SERVICE_USER
    )
    return LiveWorld(live_cluster, CommandsScheduler(runner, SERVICE_USER), staff, live_folder)
