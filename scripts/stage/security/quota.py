"""Two hundred submissions at once for the last share of a school: it never gets one more.

Of an account's eight shares seven are held. Then two hundred sbatch start together, each for one
share; one may run. While they wait, some of those that hold are ended, so that shares change hands
as well. What counts is what Slurm itself says was held at any moment: squeue while it happens, and
afterwards sacct's starts and ends, which are those of slurmctld's one clock in whole seconds. A
job that began beside too many others goes on for longer than that, so that its record shows it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from stage import accounting, cluster, slurm
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan, load_plan
from stage.security.outcome import Outcome, progress

CLUSTER = "quota"
LIMIT = 8  # shares of an account at once: all eight accounts together have what the cluster has
SUBMISSIONS = 200
FREED = 3
AT_ONCE = 4  # races beside one another, each in an account of its own
PATIENCE_S = 300.0
LOOK_S = 0.3
# Two rounds of the scheduler (`batch_sched_delay`, `sched_interval` in slurm_conf/slurm.conf).
WATCHED_S = 3.0
# Ended jobs that the controller still remembers count against MaxJobCount.
REMEMBERED_S = 10

_SHARES = re.compile(r"gres/shard=(\d+)")
# Every sbatch is a process of its own, and all of them are there before the first is waited for.
_BURST = 'n=$1; shift; for i in $(seq "$n"); do "$@" >/dev/null & done; wait'
_JOB = (
    "--parsable",
    "--output=/dev/null",
    "--partition=class",
    "--qos=class",
    "--gres=shard:1",
    "--cpus-per-task=1",
    "--mem=10M",
    "--time=10",
    "--no-requeue",
    "--chdir=/",
    "--wrap=sleep 300",
)


@dataclass(frozen=True)
class Hold:
    """Shares that one job held from its start until its end, in seconds since the epoch."""

    since: int
    until: int
    shares: int


def tried(tries: int) -> Outcome:
    """So many races on a cluster that is started for them and taken down after them."""
    plan = load_plan(CLUSTER) or ClusterPlan(CLUSTER).with_ports()
    cluster.up(plan)
    try:
        return race(plan, tries)
    finally:
        cluster.down(plan)


def race(plan: ClusterPlan, tries: int, *, limit: int = LIMIT) -> Outcome:
    """So many races on a cluster that is up; accounts and their limits are made there.

    A race fails where more than `LIMIT` shares were ever held, and where fewer were: then nobody
    has raced. `limit` is what Slurm is told, which a test of the race itself sets too high.
    """
    accounts = [f"race{number}" for number in range(min(AT_ONCE, tries))]
    for account in accounts:
        accounting.make_account(plan, account, limit, [SERVICE_USER])
    free, lock, outcome = list(accounts), threading.Lock(), Outcome()
    tell = progress("quota", tries)

    def one(number: int) -> None:
        with lock:
            account = free.pop()
        try:
            most = _raced(plan, account, f"race-{number}-{time.time_ns()}")
        finally:
            with lock:
                free.append(account)
        with lock:
            outcome.tries += 1
            outcome.count("submissions", SUBMISSIONS)
            outcome.count(f"most held: {most}")
            if most != LIMIT:
                outcome.fails(f"{account}: {most} shares were held at once, of {LIMIT}")
            tell(outcome.tries)

    with _short_memory(plan), ThreadPoolExecutor(len(accounts)) as pool:
        list(pool.map(one, range(tries)))
    return outcome


def most_at_once(holds: Iterable[Hold]) -> int:
    """The most shares that were held at any moment; who ends in a second makes room in it."""
    steps = sorted(
        step
        for hold in holds
        for step in ((hold.since, 1, hold.shares), (hold.until, 0, -hold.shares))
    )
    held = most = 0
    for _, _, change in steps:
        held += change
        most = max(most, held)
    return most


def _raced(plan: ClusterPlan, account: str, name: str) -> int:
    """One race; the most shares that Slurm says were held at any moment of it."""
    job = ("sbatch", f"--account={account}", f"--job-name={name}", *_JOB)
    since = int(time.time())
    holders = slurm.as_service_user(plan, [*job, f"--array=0-{LIMIT - 2}"]).strip()
    seen = _until(plan, name, lambda count: count >= LIMIT - 1)
    slurm.as_service_user(plan, ["bash", "-c", _BURST, "burst", str(SUBMISSIONS), *job])
    seen = max(seen, _until(plan, name, lambda count: count >= LIMIT), _watched(plan, name))
    slurm.as_root(plan, ["scancel", f"{holders}_[0-{FREED - 1}]"])
    seen = max(seen, _watched(plan, name))
    slurm.as_root(plan, ["scancel", f"--name={name}"])
    return max(seen, most_at_once(_record(plan, name, since)))


def _held(plan: ClusterPlan, name: str) -> int:
    said = slurm.as_root(
        plan,
        ["squeue", "--noheader", "--array", f"--name={name}", "--states=R", "-O", "tres-alloc:200"],
    )
    return sum(int(shares) for shares in _SHARES.findall(said))


def _until(plan: ClusterPlan, name: str, enough: Callable[[int], bool]) -> int:
    """Look until so many shares are held; the most that were."""
    deadline, most = time.monotonic() + PATIENCE_S, 0
    while not enough(held := _held(plan, name)):
        most = max(most, held)
        if time.monotonic() > deadline:
            raise StageError(f"{name}: {held} shares are held after {PATIENCE_S:.0f} s")
        time.sleep(LOOK_S)
    return max(most, held)


def _watched(plan: ClusterPlan, name: str) -> int:
    """The most shares held in a few rounds of the scheduler."""
    deadline, most = time.monotonic() + WATCHED_S, 0
    while time.monotonic() < deadline:
        most = max(most, _held(plan, name))
        time.sleep(LOOK_S)
    return most


def _record(plan: ClusterPlan, name: str, since: int) -> list[Hold]:
    """What accounting has of every job that began, once all of them have ended there."""
    words = ["sacct", "--allocations", "--duplicates", "--noheader", "--parsable2"]
    words += [f"--name={name}", f"--starttime=uts{since}", "--format=State,Start,End,AllocTRES"]
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        rows = [line.split("|") for line in slurm.as_root(plan, words).splitlines()]
        alive = any(row[0] in {"PENDING", "RUNNING"} or row[2] == "Unknown" for row in rows)
        if rows and not alive and not slurm.as_root(plan, ["squeue", "-h", f"--name={name}"]):
            return [hold for row in rows if (hold := _hold(row)) is not None]
        time.sleep(LOOK_S)
    raise StageError(f"{name}: accounting has not heard of every end")


def _hold(row: Sequence[str]) -> Hold | None:
    """One job's record; None for one that never began."""
    _, start, end, tres = row
    shares = _SHARES.search(tres)
    if start in {"None", "Unknown"} or shares is None:
        return None
    since, until = (int(time.mktime(time.strptime(t, "%Y-%m-%dT%H:%M:%S"))) for t in (start, end))
    return Hold(since, until, int(shares[1]))


@contextmanager
def _short_memory(plan: ClusterPlan) -> Iterator[None]:
    """A controller that forgets ended jobs soon; its own MinJobAge comes back afterwards."""
    before = plan.slurm_conf.read_text()
    _configure(plan, re.sub(r"(?m)^MinJobAge=\d+$", f"MinJobAge={REMEMBERED_S}", before))
    try:
        yield
    finally:
        _configure(plan, before)


def _configure(plan: ClusterPlan, text: str) -> None:
    plan.slurm_conf.write_text(text)
    slurm.as_root(plan, ["scontrol", "reconfigure"])
