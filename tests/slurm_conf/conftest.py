"""A real Slurm with the files for a site beside its own, for all tests of this room."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from stage import accounting, configuration, daemons
from stage import cluster as stage_cluster
from stage.checkout import SERVICE_USER, VAR
from stage.plan import ClusterPlan

from tests.conftest import NAME, Cluster, start_cluster

SITE = Path(__file__).parents[2] / "slurm_conf" / "site"
SCRIPTS = ("prolog", "epilog", "task-prolog")
# Somebody with an account of their own, and nothing to do with the portal.
STRANGER = "games"
PATIENCE_S = 120.0
MPS = """\
#!/bin/bash
[ "$1" = -d ] && said=start || read -r said
echo "$said $(id -un)" >>"$CUDA_MPS_LOG_DIRECTORY/calls"
"""


@dataclass
class SiteCluster:
    """One node with one GPU of eight shards, and a folder that jobs may write to."""

    cluster: Cluster
    folder: Path

    def batch(
        self, *options: str, script: str = "true", user: str = SERVICE_USER
    ) -> subprocess.CompletedProcess[str]:
        """`sbatch --parsable` with a script of one line."""
        command = ["sbatch", "--parsable", f"--output={self.folder}/%j.out", *options]
        return self.cluster.command(*command, "--wrap", script, user=user, folder=self.folder)

    def state(self, job: str) -> str:
        shown = self.cluster.command("scontrol", "show", "job", job).stdout
        found = re.search(r"JobState=(\w+)", shown)
        return found[1] if found else shown

    def wait_for(self, job: str, *states: str) -> None:
        wait(lambda: self.state(job) in states, lambda: f"{job} is {self.state(job)}")


def wait(true: Callable[[], bool], words: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, words()
        time.sleep(0.1)


def sites_own(text: str, included: str) -> str:
    """A slurm.conf that says nothing of what is included, and has a partition of its own."""
    keys = {line.split("=")[0] for line in included.splitlines() if line and line[0] != "#"}
    keys.discard("PartitionName")
    kept = [line for line in text.splitlines() if line.split("=")[0] not in keys]
    own = "\n".join(kept).replace("PartitionName=class", "PartitionName=batch")
    return f"{own}\nInclude kesuan.conf\n"


@pytest.fixture(scope="session")
def site() -> Iterator[SiteCluster]:
    # pytest's own folders are closed to everybody but root, and each run that starts closes them.
    folder = Path(tempfile.mkdtemp(prefix="jobs-", dir=VAR))
    folder.chmod(0o777)
    beside = folder / "slurm"
    beside.mkdir()
    for name in SCRIPTS:
        shutil.copy(SITE / name, beside)
    (beside / "mps").write_text(MPS)
    (beside / "mps").chmod(0o755)
    settings = (SITE / "node.env").read_text()
    settings = settings.replace("/usr/bin/nvidia-cuda-mps-control", f"{beside}/mps")
    (beside / "node.env").write_text(settings.replace("/run/kesuan-mps", f"{folder}/mps"))
    included = (SITE / "kesuan.conf").read_text().replace("/etc/slurm/kesuan", str(beside))
    plain, prepare = configuration.fill_in, accounting.prepare

    def fill_in(plan: ClusterPlan, password: str) -> dict[str, str]:
        texts = plain(plan, password)
        texts["slurm.conf"] = sites_own(texts["slurm.conf"], included)
        lua = (SITE / "job_submit.lua").read_text()
        return {**texts, "kesuan.conf": included, "job_submit.lua": lua}

    def prepare_with_qos(plan: ClusterPlan) -> None:
        prepare(plan)
        for _ in range(2):
            subprocess.run(
                [SITE / "make-qos"], env=daemons.environment(plan), check=True, capture_output=True
            )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuration, "fill_in", fill_in)
        patch.setattr(accounting, "prepare", prepare_with_qos)
        started = start_cluster(f"{NAME}site"[:16], nodes=1, gpus=1)
    try:
        started.account("school1", 64, (SERVICE_USER, STRANGER))
        both = ("set", "QOS=normal,lesson,homework")
        started.command("sacctmgr", "-i", "modify", "account", "school1", *both, user=None)
        yield SiteCluster(started, folder)
    finally:
        stage_cluster.wipe(started.plan)
        shutil.rmtree(folder)
