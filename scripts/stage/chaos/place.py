"""The place where it happens: a cluster and a site of one name, made quick to hurt and to heal.

What differs from a cluster of `scripts/cluster` are waiting times, so that a fault and its recovery
fit into seconds: each is set below, with its reason. What differs from a site of `scripts/site` is
that its data root is a small file system of its own, which can be filled, and that `sbatch` is a
script beside it, which can be told to die early.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stage import accounting, cluster, daemons, processes, services
from stage import site as stage_site
from stage.chaos.agents import Agents
from stage.chaos.slurm import Slurm
from stage.checkout import ROOT, SERVICE_USER, VAR, StageError, alone
from stage.client import Portal
from stage.plan import ClusterPlan, load_plan
from stage.site import Site

HERE = Path(__file__).parent
ACCOUNT, OTHERS = "chaos", "others"
TEACHER = "chaos"
SEATS = 3
CLASSES = 20
DATA_MB = 512
DATA_SET = "odd-and-even"
# While the agent asks this often, a test's minute holds many rounds.
POLL_S = 0.5
SETTLE_S = 8.0
LEASE_S = 5.0

# slurm.conf(5): https://slurm.schedmd.com/slurm.conf.html
QUICK: Mapping[str, str] = {
    # A command gives a silent controller up after this many seconds (10 by default).
    "MessageTimeout": "4",
    # Ended jobs are forgotten almost at once: the agent has to ask accounting.
    "MinJobAge": "4",
    # From SIGTERM to SIGKILL.
    "KillWait": "3",
    # A node that answers nothing is down after this, and its jobs have failed.
    "SlurmdTimeout": "20",
    # Memory is looked at each second, and a job over its limit ends as OUT_OF_MEMORY.
    "JobAcctGatherFrequency": "task=1",
    "JobAcctGatherParams": "OverMemoryKill",
    # Other work may take a node from a class.
    "PreemptType": "preempt/qos",
    "PreemptMode": "REQUEUE",
}


@dataclass
class Place:
    """Everything that can be hurt, and what it takes to ask for trainings there."""

    plan: ClusterPlan
    site: Site
    agents: Agents
    teacher: Portal
    password: str

    @property
    def database(self) -> Path:
        return self.site.folder / "database" / "kesuan.db"

    @property
    def data(self) -> Path:
        return self.site.folder / "data"

    @property
    def ledger(self) -> Path:
        return self.site.folder / "witness" / "ledger.jsonl"

    @property
    def classes(self) -> list[str]:
        return _classes()


@contextmanager
def kept_for_us(name: str) -> Iterator[None]:
    """Nobody else uses the place of this name meanwhile; raises StageError where somebody does."""
    VAR.mkdir(exist_ok=True)
    with (VAR / f"chaos-{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(f"another chaos goes on in {name}: wait, or give a --name") from None
        yield


def up(name: str) -> Place:
    """A fresh site on a fresh cluster; the web process answers, and an agent works."""
    down(name)
    left = load_plan(name)
    if left is not None:
        # What a controller remembers of the last chaos keeps nodes waiting for jobs that are gone.
        cluster.wipe(left)
    plan = _cluster(name)
    site = _site(name)
    services.start(site, "web")
    agents = Agents(site)
    password = secrets.token_urlsafe(12)
    people = {"login": TEACHER, "password": password, "account": ACCOUNT}
    school = {"classes": _classes(), "seats": SEATS, "data": DATA_SET}
    agents.nursery.ask({"do": "found", **school, **people})
    agents.start()
    return Place(plan, site, agents, Portal(site.address).log_in(TEACHER, password), password)


def down(name: str) -> None:
    """Whatever state it was left in: nothing of it runs, is stopped or is mounted any more."""
    site = stage_site.load_site(name)
    if site is not None:
        services.stop(site)
    plan = load_plan(name)
    if plan is not None:
        for process in daemons.belonging(plan):
            processes.send(process, signal.SIGCONT)
        cluster.down(plan)
    if site is not None:
        _unmount(site.folder / "data")


def _classes() -> list[str]:
    return [f"k{number}" for number in range(1, CLASSES + 1)]


def _cluster(name: str) -> ClusterPlan:
    with alone():
        plan = replace(load_plan(name) or ClusterPlan(name), port_base=0).with_ports()
        cluster.up(plan)
    _hasten(plan)
    accounting.make_account(plan, ACCOUNT, 64, [SERVICE_USER])
    accounting.make_account(plan, OTHERS, 64, ["root"])
    Slurm(plan).make_urgent(OTHERS)
    return plan


def _hasten(plan: ClusterPlan) -> None:
    """Start Slurm anew with the lines above in place of the cluster's own."""
    text = plan.slurm_conf.read_text()
    for key, value in QUICK.items():
        text = re.sub(rf"^{key}=.*\n", "", text, flags=re.MULTILINE)
        text += f"{key}={value}\n"
    plan.slurm_conf.write_text(text)
    names = ["slurmctld", *(f"slurmd-{node}" for node in plan.node_names)]
    processes.end(lambda: [p for name, p in daemons.running(plan).items() if name in names])
    for one in names:
        daemons.start(plan, one)
    Slurm(plan).await_nodes()


def _site(name: str) -> Site:
    folder = stage_site.SITES / name
    shutil.rmtree(folder, ignore_errors=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(name, name, listener.getsockname()[1])
    stage_site.write(site)
    _mount(site.folder / "data")
    witness = site.folder / "witness"
    witness.mkdir()
    (witness / "ledger.jsonl").touch()
    for path in (witness, witness / "ledger.jsonl"):
        _give(path)
    _commands(site)
    _settings(site)
    if services.command(site, ["kesuan", "migrate"]) != 0:
        raise StageError("the database could not be made")
    return site


def _settings(site: Site) -> None:
    text = site.settings.read_text()
    house = f"{ROOT}/job_templates"
    text = text.replace(house, f'{house}", "{HERE}/templates')
    slurm = f'[slurm]\nbackend = "commands"\nbin = "bin"\nsettle_s = {SETTLE_S}\n'
    text = text.replace("[slurm]\n", slurm + "command_timeout_s = 10\n")
    text = text.replace("[accelerator]\n", "[accelerator]\nmemory_mb_per_eighth = 128\n")
    text = text.replace("[agent]\n", f"[agent]\npoll_s = {POLL_S}\nlease_s = {LEASE_S}\n")
    site.settings.write_text(text + '\n[environments.bare]\nkind = "plain"\n')


def _commands(site: Site) -> None:
    """A folder with Slurm's commands as the agent finds them; `sbatch` is the script beside us."""
    folder = site.folder / "bin"
    folder.mkdir()
    for command in ("squeue", "sacct", "scancel", "scontrol", "sinfo", "sacctmgr"):
        real = shutil.which(command)
        if real is None:
            raise StageError(f"{command} is not on PATH")
        (folder / command).symlink_to(real)
    shutil.copyfile(HERE / "sbatch", folder / "sbatch")
    (folder / "sbatch").chmod(0o755)
    orders = site.folder / "orders"
    orders.mkdir()
    _give(orders)


def _mount(folder: Path) -> None:
    """A small file system of its own, so that filling it harms nobody else."""
    user = pwd.getpwnam(SERVICE_USER)
    options = f"size={DATA_MB}m,mode=755,uid={user.pw_uid},gid={user.pw_gid}"
    words = ["mount", "-t", "tmpfs", "-o", options, "kesuan-chaos", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StageError(f"no file system of its own for the data root: {done.stderr.strip()}")


def _unmount(folder: Path) -> None:
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _give(path: Path) -> None:
    entry = pwd.getpwnam(SERVICE_USER)
    os.chown(path, entry.pw_uid, entry.pw_gid)
