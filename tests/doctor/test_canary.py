"""The canary job: what it tells from a node, and what its silence means."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest
from stage.checkout import SERVICE_USER

from portal.config import Settings
from portal.doctor import Finding, Verdict
from portal.doctor.canary import SCRIPT, WAIT_S, Canary
from portal.scheduler import ArrayRequest
from portal.scheduler.memory import MemoryScheduler, Play
from tests.conftest import Cluster


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _sing(settings: Settings, sing: str | None, clock: Clock, **play: object) -> list[Finding]:
    """The findings of a canary that writes `sing` at its end, or nothing."""

    def program(request: ArrayRequest, _task: int) -> Play:
        def at_end() -> None:
            if sing is not None:
                (request.workdir / "canary.txt").write_text(sing)

        return Play(**{"seconds": 1.0, "at_end": at_end, **play})  # type: ignore[arg-type]

    scheduler = MemoryScheduler(clock=clock, program=program)
    canary = Canary(settings, scheduler, "hua", clock=clock, sleep=clock.sleep)
    return list(canary.look())


def _song(settings: Settings, **changes: str) -> str:
    words = {"host": "g1", "user": settings.slurm.user, "epoch": "1800000001.5", "python": "3.11"}
    return "".join(f"{name}={value}\n" for name, value in {**words, **changes}.items())


def _wrong(findings: list[Finding]) -> dict[str, Verdict]:
    return {f.code: f.verdict for f in findings if f.verdict is not Verdict.OK}


def test_a_canary_that_sings_tells_that_all_is_well(settings: Settings) -> None:
    findings = _sing(settings, _song(settings), Clock())
    assert _wrong(findings) == {}
    assert {"canary", "node-clock", "node-python", "environments"} <= {f.code for f in findings}
    assert list((settings.data.root / "canary").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"user": "root"}, "canary-user"),
        ({"epoch": "1800000100"}, "node-clock"),
        ({"epoch": "1799999000"}, "node-clock"),
        ({"python": "3.6"}, "node-python"),
        ({"python": ""}, "node-python"),
        ({"missing": "xedu"}, "environments"),
    ],
)
def test_what_it_sings_of_is_found(settings: Settings, changes: dict[str, str], code: str) -> None:
    assert _wrong(_sing(settings, _song(settings, **changes), Clock())) == {code: Verdict.FAULT}


def test_a_job_that_ended_and_left_no_file_here_ran_in_another_folder(settings: Settings) -> None:
    findings = _sing(settings, None, Clock())
    assert _wrong(findings) == {"canary": Verdict.FAULT}
    assert "data.node_root" in str(findings[-1].advice)


def test_a_job_that_does_not_start_in_time_is_no_fault_and_is_taken_back(
    settings: Settings,
) -> None:
    clock = Clock()
    scheduler = MemoryScheduler(clock=clock, accounts={"hua": 0})
    canary = Canary(settings, scheduler, "hua", clock=clock, sleep=clock.sleep)
    findings = list(canary.look())
    assert _wrong(findings) == {"canary": Verdict.WARN}
    assert clock.now - 1_800_000_000.0 >= WAIT_S
    assert not any(task.state.live for task in scheduler.alive().tasks)


def test_a_refusal_is_told_in_slurms_words(settings: Settings) -> None:
    clock = Clock()
    scheduler = MemoryScheduler(clock=clock, accounts={"other": None})
    findings = list(Canary(settings, scheduler, "hua", clock=clock, sleep=clock.sleep).look())
    assert _wrong(findings) == {"canary": Verdict.FAULT}
    assert "hua" in str(findings[0].found)


def test_the_script_finds_what_is_there_and_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/bin/sh")
    rows = [
        ("good", "venv", f"{tmp_path}/venv"),
        ("gone", "venv", f"{tmp_path}/gone"),
        ("plain", "plain", "python3"),
        ("odd", "plain", "no-such-command; touch injected"),
    ]
    (tmp_path / "environments.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    bash = shutil.which("bash") or "/bin/bash"
    subprocess.run([bash, SCRIPT], cwd=tmp_path, check=True, timeout=30)
    told = (tmp_path / "canary.txt").read_text().splitlines()
    assert [line for line in told if line.startswith("missing=")] == ["missing=gone", "missing=odd"]
    assert f"user={pwd.getpwuid(os.geteuid()).pw_name}" in told
    assert not (tmp_path / "injected").exists()


@pytest.mark.cluster
def test_a_real_site_is_well(cluster: Cluster) -> None:
    """The command as the service user, on a real Slurm, with a data root that nodes can see."""
    folder = Path("/var/tmp") / f"kesuan-doctor-{os.getpid()}"  # noqa: S108 - nodes must see it
    folder.mkdir(mode=0o755)
    try:
        for name in ("data", "home"):
            (folder / name).mkdir()
        (folder / "secret").write_bytes(b"x" * 40)
        (folder / "kesuan.toml").write_text(_toml(folder, cluster.slurm_conf), encoding="utf-8")
        shutil.chown(folder, SERVICE_USER, SERVICE_USER)
        for path in folder.iterdir():
            shutil.chown(path, SERVICE_USER, SERVICE_USER)
        (folder / "secret").chmod(0o600)
        kesuan = str(Path(__file__).parents[2] / ".venv" / "bin" / "kesuan")
        run = ("env", f"KESUAN_SETTINGS={folder}/kesuan.toml", "LC_ALL=C.UTF-8", kesuan)
        assert cluster.command(*run, "migrate").returncode == 0
        add = cluster.command(*run, "schools", "add", "hua", "Hua", "--account", "school1")
        assert add.returncode == 0, add.stderr
        told = cluster.command(*run, "doctor", "--json")
    finally:
        shutil.rmtree(folder)
    found = {row["check"]: row for row in json.loads(told.stdout)}
    wrong = {name: row["found"] for name, row in found.items() if row["verdict"] != "ok"}
    assert wrong == {}, told.stdout
    assert told.returncode == 0
    assert {"canary", "node-clock", "schools", "accounting"} <= set(found)


def _toml(folder: Path, slurm_conf: Path) -> str:
    return f"""
        portal.secret_key_file = "secret"
        database.url = "sqlite:///{folder}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        slurm.conf = "{slurm_conf}"
        templates.folders = ["{Path(__file__).parents[2]}/job_templates"]
        environments.xedu = {{ kind = "plain" }}
        """
