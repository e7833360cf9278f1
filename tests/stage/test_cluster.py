"""The embedded Slurm, for real: started, used, hurt and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stage import cluster as stage_cluster
from stage import daemons
from stage.checkout import ROOT

from tests.conftest import Cluster, start_cluster

pytestmark = pytest.mark.cluster


def until(seen: Callable[[], bool], what: str, patience_s: float = 30) -> None:
    deadline = time.monotonic() + patience_s
    while not seen():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def work(cluster: Cluster) -> Iterator[Path]:
    """A folder that jobs of the service user may write to and enter."""
    made = cluster.command("mktemp", "--directory", "--tmpdir", "kesuan-stage-XXXXXX")
    folder = Path(made.stdout.strip())
    yield folder
    cluster.command("rm", "-r", str(folder))


def submit(cluster: Cluster, work: Path, lines: str, *options: str) -> str:
    script = work / "job.sh"
    script.write_text(f"#!/bin/bash\n{lines}\n")
    done = cluster.command(
        *("sbatch", "--parsable", "--export=NONE", "--account=school1", "--gres=shard:1"),
        *("--mem=100", "--time=5", f"--chdir={work}", "--output=out-%a.txt", *options),
        str(script),
        folder=work,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def accounted(cluster: Cluster, job: str) -> list[list[str]]:
    """State and allocated TRES of each task."""
    done = cluster.command("sacct", "-X", "-n", "-P", "-j", job, "-o", "state,alloctres")
    return [line.split("|") for line in done.stdout.splitlines()]


def test_a_job_gets_a_share_and_is_accounted_for(cluster: Cluster, work: Path) -> None:
    lines = "whoami; echo $SLURM_SHARDS_ON_NODE $CUDA_VISIBLE_DEVICES"
    job = submit(cluster, work, lines, "--comment=a lesson")
    until(
        lambda: accounted(cluster, job)[:1] != [] and accounted(cluster, job)[0][0] == "COMPLETED",
        "the job did not complete",
    )
    [[_, tres]] = accounted(cluster, job)
    assert "gres/shard=1" in tres.split(",")
    user, share = (work / "out-4294967294.txt").read_text().splitlines()
    assert user == "kesuan"
    assert share.split()[0] == "1"
    done = cluster.command("sacct", "-X", "-n", "-P", "-j", job, "-o", "comment")
    assert done.stdout.strip() == "a lesson"


def test_forty_seats_run_at_once(cluster: Cluster, work: Path) -> None:
    cluster.account("forty", 40)
    job = submit(cluster, work, "sleep 60", "--array=0-39", "--account=forty")

    def states() -> str:
        return cluster.command("squeue", "-h", "-r", "-j", job, "-o", "%t").stdout

    until(lambda: states().split() == ["R"] * 40, "forty tasks did not run at the same time")
    in_use = re.findall(r"in use: (\d+) of 16 shares", stage_cluster.describe(cluster.plan))
    assert len(in_use) == 4
    assert sum(map(int, in_use)) == 40
    assert cluster.command("scancel", job).returncode == 0
    until(lambda: not {"R", "CG"} & set(states().split()), "the tasks did not end")


def test_a_school_waits_for_its_own_shares(cluster: Cluster, work: Path) -> None:
    cluster.account("small", 2)
    job = submit(cluster, work, "sleep 60", "--array=0-3", "--account=small")

    def rows() -> list[str]:
        done = cluster.command("squeue", "-h", "-r", "-j", job, "-o", "%t %r")
        return sorted(done.stdout.splitlines())

    until(lambda: rows() == ["PD AssocGrpGRES"] * 2 + ["R None"] * 2, "the limit was not kept")
    cluster.command("scancel", job)


def test_up_twice_changes_nothing(cluster: Cluster) -> None:
    before = {name: process.pid for name, process in daemons.running(cluster.plan).items()}
    assert sorted(before) == sorted(daemons.expected(cluster.plan))
    cluster.up()
    after = {name: process.pid for name, process in daemons.running(cluster.plan).items()}
    assert after == before
    assert stage_cluster.faults(cluster.plan) == []


def test_only_what_must_be_root_is_root(cluster: Cluster) -> None:
    owners = {
        name.partition("-")[0]: Path(f"/proc/{process.pid}").owner()
        for name, process in daemons.running(cluster.plan).items()
    }
    assert owners == {
        "munged": "munge",
        "mariadbd": "mysql",
        "slurmdbd": "slurm",
        "slurmctld": "slurm",
        "slurmd": "root",
        "slurmrestd": "slurmrestd",
    }


def test_a_second_cluster_beside_the_first_ends_without_a_trace(
    cluster: Cluster, work: Path
) -> None:
    second = start_cluster(f"{cluster.plan.name}2", nodes=1, gpus=1)
    second.account("school1", 8)
    job = submit(second, work, "sleep 600 & sleep 601; wait", "--array=0-3")
    plan = second.plan

    def programs() -> list[str]:
        return sorted(process.title for process in daemons.belonging(plan))

    until(lambda: programs().count("sleep") == 8, f"job {job} did not run")
    steps = [process for process in daemons.belonging(plan) if process.title == "slurmstepd"]
    for name in ("slurmctld", "slurmd-g1", "mariadbd"):
        second.signal(name, signal.SIGKILL)
    os.kill(steps[0].pid, signal.SIGKILL)
    until(lambda: not {"slurmctld", "mariadbd"} & set(programs()), "they were not killed")
    assert "slurmctld does not run" in stage_cluster.faults(plan)

    second.up()
    assert stage_cluster.faults(plan) == []
    second.signal("slurmctld", signal.SIGKILL)
    stage_cluster.down(plan)
    assert daemons.belonging(plan) == []
    stage_cluster.down(plan)
    assert stage_cluster.faults(cluster.plan) == [], "the first cluster was hit"
    stage_cluster.wipe(plan)
    assert not plan.folder.exists()


def test_the_command_says_whether_all_is_up(cluster: Cluster) -> None:
    def status(name: str) -> subprocess.CompletedProcess[str]:
        command = [str(ROOT / "scripts" / "cluster"), "status", "--name", name]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    good = status(cluster.plan.name)
    assert good.returncode == 0, good.stdout
    assert "4 nodes, 8 GPUs, 64 shares" in good.stdout
    assert status("nobody").returncode == 1
