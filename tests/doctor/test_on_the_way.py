"""Each way to a real Slurm, well, and with what stands on it taken away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.config import Settings
from portal.doctor import Finding, Verdict, site, tuning
from portal.doctor.reach import Reach
from portal.scheduler import open_scheduler
from tests.conftest import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def ways(settings: Settings, cluster: Cluster) -> dict[str, Settings]:
    """The same site by commands and by slurmrestd."""
    plan = cluster.plan

    def by(backend: str, **more: Any) -> Settings:
        slurm = replace(settings.slurm, backend=backend, command_timeout_s=20.0, **more)
        return replace(settings, slurm=slurm)

    return {
        "commands": by("commands", conf=plan.slurm_conf),
        "rest": by(
            "rest",
            rest_url=f"http://127.0.0.1:{plan.rest_port}",
            rest_token_key_file=plan.token_key,
            rest_enforce=["associations", "limits", "qos", "safe"],
            rest_max_array_size=4001,
        ),
    }


def hurried(settings: Settings) -> Settings:
    """Who waits for somebody that stands still need not wait long."""
    return replace(settings, slurm=replace(settings.slurm, command_timeout_s=4.0))


def looked(settings: Settings) -> list[Finding]:
    return list(Reach(settings, open_scheduler(settings.slurm)).look())


def faults(settings: Settings) -> dict[str, str]:
    return {f.code: str(f.found) for f in looked(settings) if f.verdict is Verdict.FAULT}


@contextmanager
def hurt(cluster: Cluster, daemon: str, number: signal.Signals) -> Iterator[None]:
    cluster.signal(daemon, number)
    try:
        yield
    finally:
        if number is signal.SIGSTOP:
            cluster.signal(daemon, signal.SIGCONT)
        else:
            cluster.up()


def test_every_way_is_told_with_its_versions(ways: dict[str, Settings], cluster: Cluster) -> None:
    printed = cluster.command("sbatch", "--version").stdout.split()[1]
    for name, settings in ways.items():
        found = {finding.code: str(finding.found) for finding in looked(settings)}
        assert name in found["backend"]
        assert printed in found["way"]
    assert "API v0.0." in found["way"]


def test_a_real_slurm_is_quick_and_asked_as_often_as_we_like(ways: dict[str, Settings]) -> None:
    for name, settings in ways.items():
        reach = Reach(settings, open_scheduler(settings.slurm))
        assert not [f for f in reach.look() if f.verdict is Verdict.FAULT]
        assert reach.site is not None
        assert site.enforcement(settings, reach.site).verdict is Verdict.OK
        told = {f.code: f.verdict for f in tuning.look(settings, reach.site)}
        untold = Verdict.SKIPPED if name == "rest" else Verdict.OK
        assert told["pace"] is untold
        assert told["memory"] is Verdict.OK


def test_without_slurmctld(ways: dict[str, Settings], cluster: Cluster) -> None:
    with hurt(cluster, "slurmctld", signal.SIGKILL):
        assert list(faults(ways["commands"])) == ["slurmctld"]
        # slurmrestd tries longer than we wait here.
        assert list(faults(hurried(ways["rest"]))) in (["slurmctld"], ["slurmrestd"])


def test_with_a_slurmctld_that_stands_still(ways: dict[str, Settings], cluster: Cluster) -> None:
    with hurt(cluster, "slurmctld", signal.SIGSTOP):
        assert list(faults(hurried(ways["commands"]))) == ["slurmctld"]


def test_without_accounting(ways: dict[str, Settings], cluster: Cluster) -> None:
    with hurt(cluster, "slurmdbd", signal.SIGKILL):
        for settings in ways.values():
            assert list(faults(settings)) == ["slurmdbd"]


def test_without_munge(ways: dict[str, Settings], cluster: Cluster) -> None:
    with hurt(cluster, "munged", signal.SIGKILL):
        assert list(faults(ways["commands"])) == ["munge"]
        assert faults(ways["rest"]) == {}


def test_with_a_slurmrestd_that_stands_still_and_without_one(
    ways: dict[str, Settings], cluster: Cluster
) -> None:
    with hurt(cluster, "slurmrestd", signal.SIGSTOP):
        assert list(faults(hurried(ways["rest"]))) == ["slurmrestd"]
    with hurt(cluster, "slurmrestd", signal.SIGKILL):
        assert list(faults(ways["rest"])) == ["slurmrestd"]


def test_with_another_key(ways: dict[str, Settings], tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"w" * 32)
    key.chmod(0o600)
    rest = ways["rest"]
    found = faults(replace(rest, slurm=replace(rest.slurm, rest_token_key_file=key)))
    assert list(found) == ["token"]


def test_with_a_pyslurm_that_is_not_there(ways: dict[str, Settings], tmp_path: Path) -> None:
    slurm = replace(ways["commands"].slurm, backend="pyslurm", pyslurm=tmp_path)
    found = faults(replace(ways["commands"], slurm=slurm))
    assert list(found) == ["backend"]
    assert "No module named" in found["backend"]
