"""Slurm's own commands keep the contract on a real cluster, and survive what happens to one."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from portal.scheduler import Ambiguous, Rejected, SubmittedArray, Unavailable
from portal.scheduler.commands import CommandsScheduler, Runner
from tests.scheduler.contract import SchedulerContract, new_name
from tests.scheduler.live import LiveWorld

pytestmark = pytest.mark.cluster


class TestCommands(SchedulerContract):
    @pytest.fixture
    def world(self, live: LiveWorld) -> LiveWorld:
        return live


def job(live: LiveWorld, job_id: int) -> dict[str, str]:
    """What the controller holds of a job, in its own words."""
    told = live.cluster.command("scontrol", "--oneliner", "show", "job", str(job_id))
    return dict(part.split("=", 1) for part in told.stdout.split() if "=" in part)


ATTRIBUTES = """
    Account QOS Partition TimeLimit Requeue Nice Comment Dependency MinMemoryNode Features NumNodes
    NumTasks CPUs/Task TresPerNode WorkDir StdOut StdIn Command Power Reservation OverSubscribe
    Contiguous Licenses BatchFlag MailUser ArrayTaskThrottle
"""

# How the launchers of several MPIs are to start theirs: sbatch says so from some version after
# 22.05 on, and pyslurm does not.
LAUNCHERS = ("HYDRA_", "OMPI_MCA_", "PRTE_MCA_", "I_MPI_HYDRA_")

# The input variables of sbatch(1) that could change what a job is.
POISON = {
    "SBATCH_ACCOUNT": "school2",
    "SBATCH_ARRAY_INX": "0-99",
    "SBATCH_COMMENT": "poisoned",
    "SBATCH_CONSTRAINT": "nope",
    "SBATCH_CPUS_PER_TASK": "7",
    "SBATCH_DELAY_BOOT": "9",
    "SBATCH_DEPENDENCY": "singleton",
    "SBATCH_EXCLUSIVE": "1",
    "SBATCH_EXPORT": "NONE",
    "SBATCH_GET_USER_ENV": "1",
    "SBATCH_GPUS": "2",
    "SBATCH_GRES": "gpu:2",
    "SBATCH_HINT": "nomultithread",
    "SBATCH_JOB_NAME": "poisoned",
    "SBATCH_MEM_PER_NODE": "999",
    "SBATCH_NO_KILL": "1",
    "SBATCH_OUTPUT": "/poisoned-%j",
    "SBATCH_OVERCOMMIT": "1",
    "SBATCH_PARTITION": "nope",
    "SBATCH_QOS": "nope",
    "SBATCH_REQUEUE": "1",
    "SBATCH_RESERVATION": "nope",
    "SBATCH_SIGNAL": "KILL@1",
    "SBATCH_TIMELIMIT": "1",
    "SBATCH_WAIT": "1",
    "SLURM_CLUSTERS": "nowhere",
    "SLURM_TIME_FORMAT": "relative",
    "SQUEUE_FORMAT": "%i",
    "SQUEUE_STATES": "FAILED",
    "SQUEUE_SORT": "j",
    "SACCT_FORMAT": "JobID",
    "LANG": "zh_CN.UTF-8",
    "TZ": "Asia/Shanghai",
    "BASH_ENV": "/poisoned",
    "LD_PRELOAD_POISONED": "1",
}


def test_no_variable_of_the_caller_changes_a_job(
    live: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = live.request(2, hold=True, signal_before_s=60)
    clean = live.scheduler.submit(request)
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    runner = Runner(live.folder / "bin", live.cluster.slurm_conf, 30.0)
    scheduler = CommandsScheduler(runner, "kesuan")
    again = replace(request, name=new_name())
    poisoned = scheduler.submit(again)
    before, after = job(live, clean.job_id), job(live, poisoned.job_id)
    assert before["JobName"] == request.name
    assert after["JobName"] == again.name
    for key in ATTRIBUTES.split():
        assert before.get(key) == after.get(key), key
    assert len(scheduler.find(again.name)) == 2
    scheduler.cancel(poisoned)
    scheduler.cancel(clean)


def test_a_job_sees_a_fixed_environment(live: LiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    request = live.request()
    request.script.write_text("#!/bin/sh\nexec /usr/bin/env\n")
    runner = Runner(live.folder / "bin", live.cluster.slurm_conf, 30.0)
    scheduler = CommandsScheduler(runner, "kesuan")
    scheduler.submit(request)
    live.until(lambda: any(s.state.ended for s in scheduler.find(request.name)))
    printed = (request.workdir / "slurm-0.out").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in printed if "=" in line)
    given = {name for name in variables if not name.startswith("SLURM")}
    # What Slurm and the shell add of themselves is beside what the runner gives.
    added = {"ENVIRONMENT", "HOSTNAME", "TMPDIR", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"}
    added |= {name for name in given if name.startswith(LAUNCHERS)}
    shell = {"PWD", "OLDPWD", "SHLVL", "_", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "SHELL"}
    assert given <= set(runner.environment) | added | shell
    assert variables["PATH"] == runner.environment["PATH"]
    assert variables["LANG"] == "C.UTF-8"
    assert variables["CUDA_VISIBLE_DEVICES"]
    assert "SLURM_TIME_FORMAT" not in variables
    assert not set(variables) & {"SLURM_CLUSTERS", "TZ", "BASH_ENV"}


def test_times_are_those_of_the_clock_whatever_the_zone(
    live: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        request = live.request()
        asked = time.time()
        live.scheduler.submit(request)
        live.until(lambda: len(live.scheduler.history([request.name], asked - 60)) == 1)
        live.until(lambda: live.scheduler.history([request.name], asked - 60)[0].state.ended)
        for status in (
            *live.scheduler.find(request.name),
            *live.scheduler.history([request.name], asked - 60),
        ):
            for moment in (status.submitted, status.started, status.ended):
                assert moment is not None
                assert asked - 2 <= moment <= time.time() + 2
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def queries(live: LiveWorld) -> int:
    """How often the controller was asked for jobs, in any way."""
    told = live.cluster.command("sdiag", user=None).stdout
    return sum(map(int, re.findall(r"REQUEST_JOB_\w*INFO\w* .*count:(\d+)", told)))


def test_one_snapshot_is_one_query_however_much_is_alive(live: LiveWorld) -> None:
    arrays = [live.scheduler.submit(live.request(10, hold=True)) for _ in range(3)]
    before = queries(live)
    snapshot = live.scheduler.alive()
    assert queries(live) - before == 1
    assert len(snapshot.tasks) >= 30
    for array in arrays:
        live.scheduler.cancel(array)


def test_a_job_of_any_name_blinds_nobody(live: LiveWorld) -> None:
    request = live.request(1, seconds=5)
    live.scheduler.submit(request)
    odd = live.cluster.command(
        "sbatch",
        "--parsable",
        "--hold",
        "--account=school1",
        f"--job-name=we|ird\n{'|'.join(['1'] * 13)}|{request.name}",
        "--output=/dev/null",
        str(request.script),
    )
    assert odd.returncode == 0, odd.stderr
    snapshot = live.scheduler.alive()
    assert (request.name, 0) in snapshot.by_task()
    live.cluster.command("scancel", odd.stdout.strip())


def test_somebody_elses_job_of_our_name_is_not_ours(live: LiveWorld) -> None:
    live.cluster.account("school1", 64, ["kesuan", "daemon"])
    request = live.request(1, hold=True)
    alien = live.cluster.command(
        "sbatch",
        "--parsable",
        "--hold",
        "--account=school1",
        f"--job-name={request.name}",
        "--output=/dev/null",
        "--chdir=/tmp",
        str(request.script),
        user="daemon",
    )
    assert alien.returncode == 0, alien.stderr
    assert live.scheduler.find(request.name) == []
    live.cluster.command("scancel", alien.stdout.strip(), user=None)


def test_tasks_that_waited_and_were_cancelled_leave_no_record(live: LiveWorld) -> None:
    """The reason why absence after a cancel of ours is a cancelled run and not a lost one."""
    request = live.request(7, seconds=3, account=live.small_account)
    array = live.scheduler.submit(request)
    live.until(
        lambda: [s.state.base for s in live.scheduler.find(request.name)].count("RUNNING") == 4
    )
    live.scheduler.cancel(array, [4, 5])
    live.until(lambda: all(s.state.ended for s in live.scheduler.find(request.name)))
    live.until(lambda: len(live.scheduler.history([request.name], time.time() - 600)) == 5)
    live.until(
        lambda: all(
            s.state.ended for s in live.scheduler.history([request.name], time.time() - 600)
        )
    )
    for found in (
        live.scheduler.find(request.name),
        live.scheduler.history([request.name], time.time() - 600),
    ):
        assert {(s.task, s.state.outcome) for s in found} == {
            (task, "COMPLETED") for task in (0, 1, 2, 3, 6)
        }


@pytest.fixture
def paused_controller(live: LiveWorld) -> Iterator[LiveWorld]:
    live.cluster.signal("slurmctld", signal.SIGSTOP)
    yield live
    live.cluster.signal("slurmctld", signal.SIGCONT)
    live.until(lambda: _answers(live))


def _answers(live: LiveWorld) -> bool:
    try:
        live.scheduler.ping()
    except Unavailable:
        return False
    return True


def test_a_submission_to_a_paused_controller_may_have_happened(
    paused_controller: LiveWorld,
) -> None:
    live = paused_controller
    request = live.request(2, seconds=1)
    quick = Runner(live.folder / "bin", live.cluster.slurm_conf, 2.0)
    with pytest.raises(Ambiguous) as silence:
        CommandsScheduler(quick, "kesuan").submit(request)
    assert silence.value.transient
    with pytest.raises(Unavailable):
        CommandsScheduler(quick, "kesuan").find(request.name)
    live.cluster.signal("slurmctld", signal.SIGCONT)
    live.until(lambda: _answers(live))
    # Either way it can be told now: nothing of it, or the whole of it, and never twice.
    live.pass_time(1)
    assert len(live.scheduler.find(request.name)) in (0, 2)


@pytest.fixture
def dead_controller(live: LiveWorld) -> Iterator[LiveWorld]:
    # What was acknowledged a moment ago would be lost with it: see the facts on the state save.
    live.pass_time(6)
    live.cluster.signal("slurmctld", signal.SIGKILL)
    yield live
    live.cluster.up()
    live.until(lambda: _answers(live))


def test_a_dead_controller_is_no_answer_and_nothing_was_done(dead_controller: LiveWorld) -> None:
    live = dead_controller
    request = live.request()
    # Slurm's commands try for 9 to 18 s; what only asks may be given up sooner.
    quick = CommandsScheduler(Runner(live.folder / "bin", live.cluster.slurm_conf, 2.0), "kesuan")
    for ask in (
        quick.alive,
        quick.site,
        quick.ping,
        lambda: quick.find(request.name),
        lambda: quick.cancel(SubmittedArray(request.name, 1)),
        lambda: quick.signal(SubmittedArray(request.name, 1)),
        live.scheduler.nodes,
        lambda: live.scheduler.submit(request),
    ):
        with pytest.raises(Unavailable) as silence:
            ask()
        assert silence.value.words
    live.cluster.up()
    live.until(lambda: _answers(live))
    assert live.scheduler.find(request.name) == []


def test_dead_accounting_is_no_answer(live: LiveWorld) -> None:
    live.cluster.signal("slurmdbd", signal.SIGKILL)
    try:
        with pytest.raises(Unavailable):
            live.scheduler.history([new_name()], time.time() - 60)
        with pytest.raises(Unavailable):
            live.scheduler.accounts()
        live.scheduler.alive()
    finally:
        live.cluster.up()


def test_commands_that_are_not_there_are_no_answer(live: LiveWorld) -> None:
    nowhere = CommandsScheduler(Runner(live.folder / "nowhere"), "kesuan")
    with pytest.raises(Unavailable):
        nowhere.alive()
    with pytest.raises(Unavailable):
        nowhere.submit(live.request())


def test_a_script_that_is_not_there_is_rejected(live: LiveWorld) -> None:
    request = live.request()
    request.script.unlink()
    with pytest.raises(Rejected):
        live.scheduler.submit(request)
