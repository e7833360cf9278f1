"""pyslurm keeps the contract on a real cluster, and what kills or stalls it reaches nobody else.

These tests need a pyslurm that is built for the Slurm of this machine, in a folder that
KESUAN_PYSLURM_PATH names; docs/pyslurm.md says how to get one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from stage.checkout import ROOT

from portal.scheduler import Ambiguous, Rejected, TaskStatus, Unavailable
from portal.scheduler.commands import CommandsScheduler, Runner
from portal.scheduler.pyslurm import Keeper, PyslurmScheduler
from tests.conftest import Cluster
from tests.scheduler.conftest import SERVICE_USER, there
from tests.scheduler.contract import SchedulerContract, new_name
from tests.scheduler.live import LiveWorld
from tests.scheduler.test_live import ATTRIBUTES, LAUNCHERS, job, queries

VARIABLE = "KESUAN_PYSLURM_PATH"

pytestmark = pytest.mark.cluster


def worker_command(cluster: Cluster, folder: str) -> list[str]:
    """The tests are root's, and the jobs must not be."""
    worker = ("-m", "portal.scheduler.pyslurm.worker", folder)
    if cluster.plan.debian:
        # That Debian has a Python of its own, and no portal installed.
        python = ("/usr/bin/env", f"PYTHONPATH={ROOT}", "/usr/bin/python3", "-s")
        return there(cluster, SERVICE_USER, *python, *worker)
    return there(cluster, SERVICE_USER, sys.executable, "-I", *worker)


@pytest.fixture(scope="session")
def pyslurm_folder() -> str:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(
            f"no pyslurm: build v22.5.3 of github.com/PySlurm/pyslurm against libslurm-dev and "
            f"name its folder in {VARIABLE} (docs/pyslurm.md)"
        )
    return folder


@pytest.fixture(scope="session")
def make(
    live_cluster: Cluster, live_folder: Path, pyslurm_folder: str
) -> Iterator[Callable[..., PyslurmScheduler]]:
    """Schedulers of one worker each, which ends with the session."""
    keepers: list[Keeper] = []

    def _make(timeout_s: float = 30.0, conf: Path = live_cluster.slurm_conf) -> PyslurmScheduler:
        runner = Runner(live_folder / "bin", conf, 30.0)
        commands = CommandsScheduler(runner, SERVICE_USER)
        keepers.append(
            Keeper(worker_command(live_cluster, pyslurm_folder), runner.environment, timeout_s)
        )
        return PyslurmScheduler(keepers[-1], commands, SERVICE_USER, runner.environment)

    yield _make
    for keeper in keepers:
        keeper.close()


@pytest.fixture(scope="session")
def shared(make: Callable[..., PyslurmScheduler]) -> PyslurmScheduler:
    return make()


@pytest.fixture
def quick(make: Callable[..., PyslurmScheduler]) -> PyslurmScheduler:
    """With a limit that is below Slurm's own ten seconds, and a worker that has come up."""
    scheduler = make(timeout_s=5.0)
    scheduler.ping()
    return scheduler


@pytest.fixture
def by_pyslurm(live: LiveWorld, shared: PyslurmScheduler) -> LiveWorld:
    return replace(live, scheduler=shared)


@pytest.fixture
def paused_controller(live: LiveWorld, quick: PyslurmScheduler) -> Iterator[LiveWorld]:
    live.cluster.signal("slurmctld", signal.SIGSTOP)
    yield live
    live.cluster.signal("slurmctld", signal.SIGCONT)


class TestPyslurm(SchedulerContract):
    @pytest.fixture
    def world(self, by_pyslurm: LiveWorld) -> LiveWorld:
        return by_pyslurm


def plain(tasks: list[TaskStatus]) -> dict[int, TaskStatus]:
    """Without what the scheduler may work out anew between two looks, and how Slurm wrote it."""
    return {
        task.task: replace(task, expected_start=None, state=replace(task.state, raw=""))
        for task in tasks
    }


def test_the_queue_is_the_same_as_by_the_commands(
    live: LiveWorld, shared: PyslurmScheduler
) -> None:
    held = live.request(5, hold=True, concurrent=2)
    full = live.request(6, seconds=30, account=live.small_account)
    bad = live.request(2, exit_code=3)
    whole = live.request(3, hold=True)
    arrays = [live.scheduler.submit(request) for request in (held, full, bad, whole)]
    live.scheduler.cancel(arrays[3])
    live.until(lambda: all(s.state.ended for s in live.scheduler.find(bad.name)))
    live.until(lambda: [s.state.base for s in live.scheduler.find(full.name)].count("RUNNING") == 4)
    for request in (held, full, bad, whole):
        ours, theirs = shared.find(request.name), live.scheduler.find(request.name)
        assert ours
        assert plain(ours) == plain(theirs)
    for array in arrays:
        live.scheduler.cancel(array)


def test_one_snapshot_is_one_query_however_much_is_alive(
    live: LiveWorld, shared: PyslurmScheduler
) -> None:
    arrays = [shared.submit(live.request(10, hold=True)) for _ in range(3)]
    before = queries(live)
    snapshot = shared.alive()
    assert queries(live) - before == 1
    assert len(snapshot.tasks) >= 30
    for array in arrays:
        shared.cancel(array)


def test_a_job_is_the_same_as_by_the_commands(live: LiveWorld, shared: PyslurmScheduler) -> None:
    request = live.request(2, hold=True, signal_before_s=60, concurrent=1)
    again = replace(request, name=new_name())
    ours, theirs = shared.submit(request), live.scheduler.submit(again)
    mine, others = job(live, ours.job_id), job(live, theirs.job_id)
    for key in ATTRIBUTES.split():
        assert mine.get(key) == others.get(key), key
    for array in (ours, theirs):
        live.scheduler.cancel(array)


def test_a_job_sees_what_it_sees_by_the_commands(live: LiveWorld, shared: PyslurmScheduler) -> None:
    seen: list[set[str]] = []
    for scheduler in (shared, live.scheduler):
        request = live.request()
        request.script.write_text("#!/bin/sh\nulimit -n\numask\nexec /usr/bin/env\n")
        scheduler.submit(request)
        live.until(lambda name=request.name: any(s.state.ended for s in live.scheduler.find(name)))
        printed = (
            (request.workdir / "slurm-0.out").read_text().replace(request.name, "NAME").splitlines()
        )
        theirs = ("SLURM", *LAUNCHERS)
        seen.append({line for line in printed if "=" not in line or not line.startswith(theirs)})
        assert not [line for line in printed if line.startswith("SLURM_BITSTR_LEN")]
    assert seen[0] == seen[1]


def test_the_signal_before_the_end_is_sent(live: LiveWorld, shared: PyslurmScheduler) -> None:
    """pyslurm 22.5 forgets it; without it the job ends with 7."""
    request = live.request(seconds=50, exit_code=7, minutes=1, signal_before_s=55)
    shared.submit(request)
    live.until(lambda: any(s.state.ended for s in shared.find(request.name)))
    assert [s.state.outcome for s in shared.find(request.name)] == ["COMPLETED"]


def test_the_list_of_waiting_tasks_is_whole(live: LiveWorld, shared: PyslurmScheduler) -> None:
    request = live.request(100, hold=True)
    array = shared.submit(request)
    # What is left is no range, and longer than the 64 characters that libslurm likes.
    gone = [task for task in range(100) if task % 7 in (1, 2, 5)]
    shared.cancel(array, gone)
    left = sorted(set(range(100)) - set(gone))
    assert sorted(s.task for s in shared.find(request.name)) == left
    shared.cancel(array)


def test_a_controller_that_stands_still_stops_nobody_else(
    paused_controller: LiveWorld, quick: PyslurmScheduler
) -> None:
    live = paused_controller
    request = live.request(2, seconds=1)
    with pytest.raises(Unavailable, match="in time"):
        quick.alive()
    with pytest.raises(Ambiguous, match="in time"):
        quick.submit(request)
    live.cluster.signal("slurmctld", signal.SIGCONT)
    live.until(lambda: _answers(quick))
    # Either way it can be told now: nothing of it, or the whole of it, and never twice.
    live.pass_time(1)
    assert len(quick.find(request.name)) in (0, 2)


def test_a_worker_that_is_killed_in_a_submission_leaves_it_open(
    paused_controller: LiveWorld, quick: PyslurmScheduler
) -> None:
    live = paused_controller
    before = _workers()
    with ThreadPoolExecutor() as pool:
        submission = pool.submit(quick.submit, live.request())
        live.pass_time(1)
        for process in before:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(Ambiguous):
            submission.result()
    live.cluster.signal("slurmctld", signal.SIGCONT)
    live.until(lambda: _answers(quick))
    assert _workers().isdisjoint(before)


def test_what_ends_libslurm_ends_its_process_only(
    make: Callable[..., PyslurmScheduler], live: LiveWorld, tmp_path: Path
) -> None:
    nowhere = live.folder / "empty.conf"
    nowhere.write_text("")
    lost = make(conf=nowhere)
    for ask in (lost.alive, lambda: lost.submit(live.request()), lost.ping):
        with pytest.raises(Unavailable, match="fatal"):
            ask()


def test_a_script_that_is_not_there_is_rejected(live: LiveWorld, shared: PyslurmScheduler) -> None:
    request = live.request()
    request.script.unlink()
    with pytest.raises(Rejected):
        shared.submit(request)
    assert shared.find(request.name) == []


def _answers(scheduler: PyslurmScheduler) -> bool:
    try:
        scheduler.ping()
    except Unavailable:
        return False
    return True


def _workers() -> set[int]:
    """Every worker below this process."""
    found = set()
    for children in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for process in children.read_text().split():
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            if b"portal.scheduler.pyslurm.worker" in words:
                found.add(int(process))
    return found
