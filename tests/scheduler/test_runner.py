"""Commands are started with a fixed environment, and never outlive their time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from portal.config import Slurm
from portal.scheduler import Ambiguous, ArrayRequest, Unavailable, open_scheduler
from portal.scheduler.commands import CommandsScheduler, Runner
from portal.scheduler.commands.runner import NoAnswer
from portal.scheduler.memory import MemoryScheduler


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def command(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_only_listed_variables_get_through(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SBATCH_TIMELIMIT", "SQUEUE_FORMAT", "SLURM_CLUSTERS", "LD_PRELOAD_X", "KESUAN_X"):
        monkeypatch.setenv(name, "1")
    command(folder, "squeue", "env")
    runner = Runner(folder, Path("/etc/slurm/slurm.conf"))
    answer = runner.run("squeue", [])
    names = {line.split("=")[0] for line in answer.out.splitlines()} - {"PWD", "_", "SHLVL"}
    assert names == {"PATH", "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF"}
    asked = dict(line.split("=", 1) for line in runner.ask("squeue").out.splitlines())
    assert asked["SLURM_TIME_FORMAT"] == "%s"
    assert asked["LC_ALL"] == "C"


def test_words_are_arguments_and_no_shell_reads_them(folder: Path) -> None:
    command(folder, "squeue", 'printf "%s\\n" "$@"')
    words = ["$(id)", "a b", "; rm -rf /", "*", "-x"]
    assert Runner(folder).run("squeue", words).out.splitlines() == words


def test_a_command_that_does_not_end_is_ended_with_its_children(folder: Path) -> None:
    command(folder, "squeue", f"sleep 60 & echo $! > {folder}/child; sleep 60")
    with pytest.raises(NoAnswer) as silence:
        Runner(folder, timeout_s=3.0).run("squeue", [])
    assert silence.value.started
    child = int((folder / "child").read_text())
    deadline = time.monotonic() + 30
    while _alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_command_that_is_not_there_never_started(folder: Path) -> None:
    with pytest.raises(NoAnswer) as silence:
        Runner(folder).run("squeue", [])
    assert not silence.value.started


def test_bytes_that_are_no_text_are_read_anyway(folder: Path) -> None:
    command(folder, "squeue", "printf '\\377\\376x'")
    assert Runner(folder).run("squeue", []).out.endswith("x")


REQUEST = ArrayRequest(
    name="lesson-1",
    tasks=1,
    script=Path("/job.sh"),
    workdir=Path("/data"),
    output="slurm-%a.out",
    account="school1",
    cpus=1,
    memory_mb=1,
    minutes=1,
)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("kill -9 $$", Ambiguous),
        ("sleep 60", Ambiguous),
        ("echo what a day", Ambiguous),
        ("echo; echo 12", None),
        ("echo '12;cluster'", None),
        ("echo 'sbatch: error: x (connect failure)' >&2; exit 1", Unavailable),
    ],
)
def test_what_a_submission_may_come_to(
    folder: Path, body: str, error: type[Exception] | None
) -> None:
    command(folder, "sbatch", body)
    patience_s = 0.5 if body.startswith("sleep") else 30.0
    scheduler = CommandsScheduler(Runner(folder, timeout_s=patience_s), "kesuan")
    if error is None:
        assert scheduler.submit(REQUEST).job_id == 12
    else:
        with pytest.raises(error):
            scheduler.submit(REQUEST)


def test_the_settings_choose_the_backend(folder: Path) -> None:
    assert isinstance(open_scheduler(Slurm(backend="memory", partition="class")), MemoryScheduler)
    command(folder, "sbatch", "echo slurm 26.05.0")
    scheduler = open_scheduler(Slurm(partition="class", bin=folder))
    assert isinstance(scheduler, CommandsScheduler)
    assert scheduler.version() == "26.05.0"
