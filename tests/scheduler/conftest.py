"""A real Slurm of this room's own, because these tests stop and kill its controller."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import cluster as stage_cluster

from portal.scheduler.commands import CommandsScheduler, Runner
from tests.conftest import NAME, Cluster, start_cluster
from tests.scheduler.live import LiveWorld

SERVICE_USER = "kesuan"
COMMANDS = ("sbatch", "squeue", "sacct", "scancel", "scontrol", "sacctmgr")


@pytest.fixture(scope="session")
def live_cluster() -> Iterator[Cluster]:
    """Two nodes of two GPUs of eight shares; school1 is roomy, school2 has four shares."""
    cluster = start_cluster(f"{NAME}sched"[:16], nodes=2, rest=True)
    cluster.account("school1", 64)
    cluster.account("school2", 4)
    yield cluster
    if os.environ.get("KESUAN_KEEP_CLUSTER") != "1":
        stage_cluster.down(cluster.plan)


@pytest.fixture(scope="session")
def live_folder(live_cluster: Cluster) -> Iterator[Path]:
    """A folder that the service user can write in, with its commands in `bin`.

    The tests are root's and the jobs must not be, so each command changes its user on the way, as
    a site's own wrapper might. pytest's own folders are closed to everybody but root.
    """
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=live_cluster.plan.folder))
    folder.chmod(0o755)
    commands = folder / "bin"
    commands.mkdir()
    switch = f"/usr/bin/setpriv --reuid={SERVICE_USER} --regid={SERVICE_USER} --clear-groups"
    for command in COMMANDS:
        wrapper = commands / command
        wrapper.write_text(f'#!/bin/sh\nexec {switch} /usr/bin/{command} "$@"\n')
        wrapper.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def live(live_cluster: Cluster, live_folder: Path) -> LiveWorld:
    """The commands backend on a real Slurm."""
    runner = Runner(live_folder / "bin", live_cluster.slurm_conf, 30.0)
    return LiveWorld(live_cluster, CommandsScheduler(runner, SERVICE_USER), live_folder)
