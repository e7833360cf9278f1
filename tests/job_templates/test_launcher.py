"""Every way in which a program can end leaves a verdict, and exactly one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.job_templates.node import PLAIN, RUN, Node

Toy = Callable[[str], Node]

GOOD = """
run.report.stage("training")
run.report.metric(step=1, epoch=1.0, accuracy=0.5)
run.report.progress(step=1, steps=1)
run.report.stage("saving")
run.headline(accuracy=0.5)
run.save_json("labels.json", {"labels": ["a", "b"]}, "labels")
run.save_bytes("model.onnx", b"onnx", "model")
"""

UNTIL_TOLD = """
import time
(run.out / "ready").touch()
run.report.stage("training")
while not run.finish_now:
    time.sleep(0.02)
"""


def wait_for(path: Path, seconds: float = 20) -> None:
    """Until the program has come so far."""
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{path} never appeared")
        time.sleep(0.02)


def test_a_good_run_leaves_claim_curve_artifacts_and_verdict(toy: Toy) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py")
    code, output = node.work()
    assert (code, output) == (0, "")
    status = node.status()
    assert status["verdict"] == "succeeded"
    assert status["reason"] is None
    assert status["run"] == RUN
    assert status["job"] == "41_0"
    assert status["metrics"] == {"accuracy": 0.5}
    assert status["exit_code"] == 0
    assert not status["finished_early"]
    assert status["started_at"] <= status["ended_at"]
    assert {a["name"]: a["kind"] for a in status["artifacts"]} == {
        "labels.json": "labels",
        "model.onnx": "model",
    }
    model = next(a for a in status["artifacts"] if a["kind"] == "model")
    assert model["bytes"] == 4
    assert model["sha256"] == hashlib.sha256(b"onnx").hexdigest()
    claim = json.loads((node.attempt / "claim.json").read_text())
    assert claim["job_id"] == "41_0"
    point = json.loads((node.attempt / "metrics.jsonl").read_text())
    assert point["accuracy"] == 0.5
    assert point["step"] == 1
    assert json.loads((node.attempt / "progress.json").read_text())["stage"] == "saving"
    left = [path.name for path in node.attempt.rglob(".*")]
    assert left == []


def test_a_second_copy_of_an_attempt_touches_nothing(toy: Toy) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py")
    assert node.work()[0] == 0
    before = {p: p.stat().st_mtime_ns for p in node.run.rglob("*")}
    code, output = node.work()
    assert code == 0
    assert "taken" in output
    assert {p: p.stat().st_mtime_ns for p in node.run.rglob("*")} == before


@pytest.mark.parametrize(
    ("job", "restarts", "reports"), [("41_0", "1", True), ("41_0", "0", False), ("4_0", "1", False)]
)
def test_a_requeued_job_makes_the_report_that_its_first_start_could_not(
    toy: Toy, job: str, restarts: str, reports: bool
) -> None:
    """Killed between its program's end and its own word. It is the same job by Slurm's word."""
    node = toy(GOOD)
    node.prepare("toy/train.py")
    assert node.work()[0] == 0
    word = node.status()
    (node.attempt / "status.json").unlink()
    claim = json.loads((node.attempt / "claim.json").read_text())
    (node.attempt / "claim.json").write_text(json.dumps({**claim, "job_id": job}))
    node.variables["SLURM_RESTART_COUNT"] = restarts
    assert node.work()[0] == 0
    assert (node.attempt / "status.json").exists() is reports
    if reports:
        late = node.status()
        assert {**late, "ended_at": 0} == {**word, "ended_at": 0, "started_at": claim["started_at"]}


def test_a_requeued_job_whose_program_did_not_end_reports_nothing(toy: Toy) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py")
    assert node.work()[0] == 0
    for name in ("status.json", "outcome.json"):
        (node.attempt / name).unlink()
    node.variables["SLURM_RESTART_COUNT"] = "1"
    assert node.work()[0] == 0
    assert not (node.attempt / "status.json").exists()


def test_the_bell_ends_a_run_early_and_well(toy: Toy) -> None:
    node = toy(UNTIL_TOLD + 'run.headline(accuracy=0.7)\nrun.save_bytes("m.onnx", b"1", "model")')
    node.prepare("toy/train.py")
    job = node.start()
    wait_for(node.attempt / "ready")
    job.send_signal(signal.SIGUSR1)
    assert job.wait(20) == 0
    assert node.status()["verdict"] == "succeeded"
    assert node.status()["finished_early"] is True


def test_a_bell_that_rings_while_libraries_load_is_said_again(toy: Toy) -> None:
    node = toy(UNTIL_TOLD)
    node.prepare("toy/train.py")
    train = node.templates / "toy" / "train.py"
    slow = "import time\nopen('loading', 'w').close()\ntime.sleep(1.5)\n"
    train.write_text(slow + train.read_text())
    job = node.start()
    wait_for(node.attempt / "loading")
    job.send_signal(signal.SIGUSR1)
    assert job.wait(20) == 0
    assert node.status()["finished_early"] is True


def test_a_bell_said_again_to_a_program_that_is_ending_harms_nothing(toy: Toy) -> None:
    """Python gives its signals back before it ends, and large libraries take seconds to go."""
    node = toy(
        UNTIL_TOLD + "class Library:\n    def __del__(self, sleep=time.sleep): sleep(3.5)\n"
        "import sys\nsys.library = Library()\nrun.headline(accuracy=0.8)"
    )
    node.prepare("toy/train.py")
    job = node.start()
    wait_for(node.attempt / "ready")
    job.send_signal(signal.SIGUSR1)
    assert job.wait(20) == 0
    assert node.status()["verdict"] == "succeeded"


def test_a_time_limit_does_not_tear_a_run_from_saving_its_best_model(toy: Toy) -> None:
    saving = UNTIL_TOLD + "(run.out / 'saving').touch()\ntime.sleep(1)\nrun.headline(accuracy=0.9)"
    node = toy(saving)
    node.prepare("toy/train.py")
    job = node.start()
    wait_for(node.attempt / "ready")
    job.send_signal(signal.SIGUSR1)
    wait_for(node.attempt / "saving")
    # At the limit Slurm signals every process of the job, the program's own among them.
    program = children_of(job.pid)
    for pid in (*program, job.pid):
        os.kill(pid, signal.SIGTERM)
    assert job.wait(20) == 0
    assert node.status()["verdict"] == "succeeded"
    assert node.status()["metrics"] == {"accuracy": 0.9}


def test_a_cancelled_run_says_that_it_was_stopped(toy: Toy) -> None:
    node = toy(UNTIL_TOLD)
    node.prepare("toy/train.py")
    job = node.start()
    wait_for(node.attempt / "ready")
    job.send_signal(signal.SIGTERM)
    assert job.wait(20) == 1
    assert (node.status()["verdict"], node.status()["reason"]) == ("failed", "stopped-by-signal")


def test_a_program_deaf_to_its_end_is_killed_and_still_gets_a_verdict(toy: Toy) -> None:
    node = toy(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "(run.out / 'ready').touch()\ntime.sleep(600)"
    )
    node.prepare("toy/train.py")
    job = node.start()
    wait_for(node.attempt / "ready")
    job.send_signal(signal.SIGTERM)
    assert job.wait(30) == 1
    assert node.status()["reason"] == "stopped-by-signal"
    assert node.status()["exit_code"] == 128 + signal.SIGKILL


def test_kill_9_of_the_program_is_a_failed_run(toy: Toy) -> None:
    node = toy("(run.out / 'ready').touch()\nimport time\ntime.sleep(600)")
    node.prepare("toy/train.py")
    job = node.start()
    wait_for(node.attempt / "ready")
    (program,) = children_of(job.pid)
    os.kill(program, signal.SIGKILL)
    assert job.wait(20) == 1
    status = node.status()
    assert (status["verdict"], status["reason"]) == ("failed", "stopped-by-signal")
    assert "SIGKILL" in status["detail"]


def test_a_segmentation_fault_is_the_programs_error(toy: Toy) -> None:
    node = toy("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    node.prepare("toy/train.py")
    assert node.work()[0] == 1
    assert node.status()["reason"] == "program-error"
    assert "SIGSEGV" in node.status()["detail"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('a line\\nand the last')", "program-error"),
        ("raise MemoryError", "out-of-memory"),
        ("raise RuntimeError('[enforce fail] DefaultCPUAllocator: not enough')", "out-of-memory"),
        ("raise RuntimeError('CUDA out of memory. Tried to allocate 2 GiB')", "gpu-memory"),
        ("run.report.metric(step=1, train_loss=float('nan'))", "not-a-number"),
        ("from runtime import DataUnreadable\nraise DataUnreadable('no file')", "data-unreadable"),
        ("from runtime import TooLittleData\nraise TooLittleData('one row')", "too-little-data"),
        ("with run.libraries():\n    import not_installed_anywhere", "environment-missing"),
        ("import os\nos._exit(0)", "program-error"),
        ("import os\nos._exit(7)", "program-error"),
    ],
)
def test_a_failure_has_the_reason_of_its_cause(toy: Toy, body: str, reason: str) -> None:
    node = toy(body)
    node.prepare("toy/train.py")
    assert node.work()[0] == 1
    assert (node.status()["verdict"], node.status()["reason"]) == ("failed", reason)
    assert node.status()["detail"]


@pytest.mark.parametrize(
    "environment",
    [
        {"name": "x", "kind": "venv", "path": "/nowhere/at/all"},
        {"name": "x", "kind": "venv", "path": "relative"},
        {"name": "x", "kind": "apptainer", "image": "/nowhere/image.sif"},
        {"name": "x", "kind": "plain", "python": "python-of-nobody"},
        {"name": "x", "kind": "modules", "modules": ["no-such-module"], "python": "python3"},
        {"name": "x", "kind": "conda"},
        {},
    ],
)
def test_a_missing_environment_is_told_with_its_name(toy: Toy, environment: dict[str, str]) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py", environment=environment)
    assert node.work()[0] == 1
    assert node.status()["reason"] == "environment-missing"
    assert node.status()["detail"]


def test_modules_are_loaded_by_a_login_shell_and_never_read_as_script(toy: Toy) -> None:
    node = toy(GOOD)
    hostile = "gcc/12; touch owned $(touch owned) `touch owned`"
    environment = {"name": "m", "kind": "modules", "modules": [hostile, "b c"], "python": "python3"}
    node.prepare("toy/train.py", environment=environment)
    (node.root / ".bash_profile").write_text('module() { echo "$2" >> "$HOME/loaded"; }\n')
    assert node.work()[0] == 0
    assert (node.root / "loaded").read_text() == f"{hostile}\nb c\n"
    assert list(node.root.rglob("owned")) == []


def test_an_image_sees_the_program_the_data_and_the_run(toy: Toy, tmp_path: Path) -> None:
    node = toy(GOOD)
    image = tmp_path / "image.sif"
    image.touch()
    node.prepare("toy/train.py", environment={"kind": "apptainer", "image": str(image)})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apptainer").write_text(
        f'#!/bin/bash\nprintf "%s\\n" "$@" > {tmp_path}/called\n'
        'while [[ $1 != *.sif ]]; do shift; done; shift; exec "$@"\n'
    )
    (tools / "apptainer").chmod(0o755)
    node.variables["PATH"] = f"{tools}:{os.environ['PATH']}"
    assert node.work()[0] == 0
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0] == "exec"
    assert "--nv" in called
    assert f"{node.templates}:{node.templates}:ro" in called
    assert f"{node.run}:{node.run}:rw" in called


@pytest.mark.parametrize("program", ["../outside.py", "/bin/true", "toy/none.py", None])
def test_only_programs_of_the_published_copy_run(toy: Toy, program: str | None) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py", program=program)
    (node.templates.parent / "outside.py").write_text("open('ran', 'w')")
    assert node.work()[0] == 1
    assert node.status()["reason"] == "program-error"
    assert list(node.root.rglob("ran")) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "run": "x"}'])
def test_an_unusable_run_json_is_a_failed_run(toy: Toy, text: str) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py")
    (node.run / "run.json").write_text(text)
    assert node.work()[0] == 1
    assert node.status()["reason"] == "program-error"
    assert "run.json" in node.status()["detail"]


@pytest.mark.parametrize("text", ["", "{", '{"tasks": {}}', '{"tasks": {"0": {"run": "x"}}}'])
def test_an_unusable_tasks_json_is_said_on_stderr(toy: Toy, text: str) -> None:
    node = toy(GOOD)
    node.prepare("toy/train.py")
    (node.batch / "tasks.json").write_text(text)
    code, output = node.work()
    assert code == 1
    assert "tasks.json" in output
    assert not node.attempt.exists()


def test_a_talkative_program_keeps_its_first_and_last_words(toy: Toy) -> None:
    node = toy("print('first')\nfor _ in range(200):\n    print('x' * 50_000)\nprint('last')")
    node.prepare("toy/train.py")
    assert node.work()[0] == 0
    log = (node.attempt / "log.txt").read_bytes()
    assert len(log) <= 5 * 1024 * 1024 + 200
    assert log.startswith(b"first\n")
    assert log.rstrip().splitlines()[-1] == b"last"
    assert b"bytes left out" in log


def test_a_grandchild_that_lingers_does_not_hold_the_verdict(toy: Toy) -> None:
    node = toy("import subprocess\nsubprocess.Popen(['sleep', '600'])\nrun.headline(accuracy=1)")
    node.prepare("toy/train.py")
    assert node.work(30)[0] == 0
    assert node.status()["verdict"] == "succeeded"


def test_threads_follow_the_share_and_foreign_python_settings_do_not_enter(toy: Toy) -> None:
    node = toy(
        "import os\nrun.headline(threads=int(os.environ['OMP_NUM_THREADS']))\n"
        "if 'PYTHONPATH' in os.environ: raise SystemExit(3)"
    )
    share = {"eighths": 4, "memory_fraction": 0.5, "cores": 3}
    node.prepare("toy/train.py", share=share, environment=PLAIN)
    node.variables["PYTHONPATH"] = "/somewhere"
    assert node.work()[0] == 0
    assert node.status()["metrics"] == {"threads": 3}


def children_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
