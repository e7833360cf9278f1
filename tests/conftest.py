"""What the tests of several rooms share: a real Slurm and a real PostgreSQL.

Both are started once in a process, when the first test asks for them, and ended with the test run.
KESUAN_KEEP_CLUSTER=1 leaves the cluster up, which makes a second run quicker. Two runs at the same
time in one checkout need two names: KESUAN_TEST_NAME=other.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from stage import accounting, daemons, debian, postgres, processes
from stage import cluster as stage_cluster
from stage.checkout import SERVICE_USER, alone
from stage.plan import ClusterPlan, load_plan

# The town of two schools is a fixture of every room that has people in it.
pytest_plugins = ["tests.town", "tests.worlds", "tests.directories"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        later = pytest.mark.skip(reason="takes minutes: ./scripts/test --slow")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(later)


# What this process starts is named so, and each of several processes (tests.worlds) has its own.
NAME = os.environ.get("KESUAN_TEST_NAME", "tests") + os.environ.get("PYTEST_XDIST_WORKER", "")


@dataclass(frozen=True)
class Cluster:
    """The embedded Slurm, and the means to hurt it."""

    plan: ClusterPlan

    @property
    def slurm_conf(self) -> Path:
        return self.plan.slurm_conf

    @property
    def environment(self) -> dict[str, str]:
        return daemons.environment(self.plan)

    def command(
        self, *arguments: str, user: str | None = SERVICE_USER, folder: Path = Path("/")
    ) -> subprocess.CompletedProcess[str]:
        """Run one command in the cluster's environment, as the service user or as root (None)."""
        if self.plan.debian:
            # It changes to its user in there, and starts in "/".
            arguments, user = tuple(debian.inside(self.plan.debian, [*arguments], user)), None
        return subprocess.run(
            arguments,
            env=self.environment,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def account(self, name: str, shares: int, users: Sequence[str] = (SERVICE_USER,)) -> None:
        accounting.make_account(self.plan, name, shares, list(users))

    def up(self) -> None:
        """Start what is missing; harmless where all is up."""
        stage_cluster.up(self.plan)

    def signal(self, daemon: str, number: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT … to slurmctld, slurmdbd, slurmd-g1 and so on."""
        process = daemons.running(self.plan)[daemon]
        processes.send(process, number)
        # On a busy machine one that is killed may go on answering for a moment.
        deadline = time.monotonic() + 30
        while number is signal.SIGKILL and daemon in daemons.running(self.plan):
            assert time.monotonic() < deadline, f"{daemon} cannot be killed"
            time.sleep(0.02)


def start_cluster(name: str, **sizes: int | bool | str) -> Cluster:
    """An embedded cluster for tests; the caller ends it with ``stage.cluster.down``."""
    if os.geteuid() != 0:
        pytest.skip("a cluster's daemons run as several users, which needs root: ./scripts/test")
    plan = replace(load_plan(name) or ClusterPlan(name), **sizes)
    if not daemons.running(plan):
        with alone():
            plan = replace(plan, port_base=0).with_ports()
            plan.save()
    stage_cluster.up(plan)
    return Cluster(plan)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Four nodes of two GPUs of eight shares, and the account `school1` with 48 shares."""
    started = start_cluster(NAME, rest=True)
    started.account("school1", 48)
    yield started
    if os.environ.get("KESUAN_KEEP_CLUSTER") != "1":
        stage_cluster.down(started.plan)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy's URL of an empty PostgreSQL; each test makes what it needs in there."""
    if os.geteuid() != 0:
        pytest.skip("PostgreSQL runs as the service user, which needs root: ./scripts/test")
    with alone():
        server = postgres.up(NAME)
    yield server.url
    postgres.down(NAME)
