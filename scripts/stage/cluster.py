"""Bring an embedded Slurm up, take it down, and say how it is."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

from stage import accounting, configuration, daemons, debian, processes, slurm
from stage.checkout import StageError
from stage.plan import ClusterPlan
from stage.ports import listens
from stage.processes import Process

# Nobody waits so long on an idle machine; on a busy one slowness is no fault.
START_PATIENCE_S = 240.0


def up(plan: ClusterPlan) -> None:
    """Start what does not run yet, and return when every node takes jobs.

    Harmless on a cluster that is up. A cluster of another size or with other ports is taken down
    first; its accounts and its history stay.
    """
    if plan.debian:
        debian.prepare(plan.debian)
    _make_folders(plan)
    plan.save()
    password = accounting.database_password(plan)
    changed = configuration.write(plan, configuration.fill_in(plan, password))
    if changed and daemons.running(plan):
        down(plan)
    accounting.install_database(plan, password)
    for wave, is_ready in (
        (["munged", "mariadbd"], lambda: _munge_answers(plan) and listens(plan.database_port)),
        (["slurmdbd"], lambda: listens(plan.accounting_port)),
    ):
        _start_missing(plan, wave)
        _wait(plan, wave, is_ready)
    if "slurmctld" not in daemons.running(plan):
        accounting.prepare(plan)
    rest = [name for name in daemons.expected(plan) if name.startswith(("slurmctld", "slurmd-"))]
    _start_missing(plan, rest)
    _wait(plan, rest, lambda: _nodes_ready(plan))
    if plan.rest:
        _start_missing(plan, ["slurmrestd"])
        _wait(plan, ["slurmrestd"], lambda: listens(plan.rest_port))


def down(plan: ClusterPlan) -> None:
    """End every process of the cluster: jobs first, so that accounting hears of their end."""
    reports_to = "slurmctld" in daemons.running(plan)
    if reports_to:
        slurm.answer(plan, ["scancel", "--partition=class", "--quiet"], patience_s=5)
    processes.end(lambda: _jobs(plan), patience_s=3)
    # A step that has lost its job tells slurmctld and goes. Without one it would go on trying, and
    # it does not listen to SIGTERM.
    processes.end(lambda: _of(plan, "slurmstepd"), patience_s=3 if reports_to else 0.1)
    processes.end(lambda: _of(plan, "slurmctld", "slurmd"))
    processes.end(lambda: _of(plan, "slurmdbd"))
    left = processes.end(lambda: _of(plan))
    if left:
        pids = ", ".join(str(process.pid) for process in left)
        raise StageError(f"processes {pids} of cluster {plan.name} cannot be ended")


def wipe(plan: ClusterPlan) -> None:
    """Forget the cluster: its accounts, its history, its state."""
    down(plan)
    shutil.rmtree(plan.folder)


def faults(plan: ClusterPlan) -> list[str]:
    """One line for each thing that is not as it should be; empty when all is up."""
    there = daemons.running(plan)
    found = [f"{name} does not run" for name in daemons.expected(plan) if name not in there]
    if "slurmctld" not in there:
        return found
    if not slurm.answer(plan, ["scontrol", "ping"]).startswith("Slurmctld"):
        found.append("slurmctld does not answer")
    else:
        found += [f"node {node} is {state}" for node, state in _states(plan) if not _takes(state)]
    return found


def describe(plan: ClusterPlan) -> str:
    """Nodes, GPUs, shares and daemons, as a table for a person."""
    there = daemons.running(plan)
    lines = [
        f"cluster {plan.name}: {plan.nodes} nodes, {plan.nodes * plan.gpus} GPUs, "
        f"{plan.nodes * plan.gpus * plan.shards} shares; SLURM_CONF={plan.slurm_conf}"
    ]
    for name in daemons.expected(plan):
        state = f"runs (process {there[name].pid})" if name in there else "does not run"
        lines.append(f"  {name:<12} {state}")
    if "slurmctld" in there:
        lines += _nodes_in_words(plan)
    return "\n".join(lines)


def _nodes_in_words(plan: ClusterPlan) -> list[str]:
    """What of each node is in use, from AllocTRES: Slurm 22.05's GresUsed miscounts shares."""
    lines = []
    for row in slurm.answer(plan, ["scontrol", "--oneliner", "show", "nodes"]).splitlines():
        fields = dict(word.partition("=")[::2] for word in row.split())
        allocated = (word.partition("=")[::2] for word in fields.get("AllocTRES", "").split(","))
        used = dict(allocated)
        lines.append(
            f"  {fields['NodeName']:<12} {fields['State'].lower()}; in use: "
            f"{used.get('gres/shard', 0)} of {plan.gpus * plan.shards} shares, "
            f"{used.get('gres/gpu', 0)} of {plan.gpus} whole GPUs"
        )
    return lines


def _make_folders(plan: ClusterPlan) -> None:
    """The folders that the daemons write to, each owned by the one that does."""
    owners = {
        "database": "mysql",
        "munge": "munge",
        "state": "slurm",
        "run": "slurm",
        "log": "root",
        "spool": "root",
        "devices": "root",
        "tokens": "slurm",
    }
    for name, owner in owners.items():
        folder = plan.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        _give(folder, owner, 0o700 if name in {"state", "tokens"} else 0o755)
    for name in ("slurmctld", "slurmdbd", "mariadbd"):
        log = plan.folder / "log" / f"{name}.log"
        log.touch()
        _give(log, "mysql" if name == "mariadbd" else "slurm", 0o644)
    for number in range(plan.gpus):
        _make_device(plan.folder / "devices" / f"gpu{number}")
    _make_key(plan.folder / "munge" / "key", "munge", size=1024)
    _make_key(plan.token_key, "slurm", size=32)


def _make_key(key: Path, owner: str, size: int) -> None:
    if not key.exists():
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(os.urandom(size))
    _give(key, owner, 0o600)


def _make_device(file: Path) -> None:
    """A GPU that is not there: another name for /dev/null.

    Slurm sets CUDA_VISIBLE_DEVICES only for character devices. Where none may be made, in some
    containers, a plain file still counts as a GPU, and only that variable is missing.
    """
    if file.exists():
        return
    try:
        os.mknod(file, 0o644 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        file.touch()


def _give(path: Path, owner: str, mode: int) -> None:
    entry = pwd.getpwnam(owner)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    path.chmod(mode)


def _start_missing(plan: ClusterPlan, names: list[str]) -> None:
    there = daemons.running(plan)
    for name in names:
        if name not in there:
            daemons.start(plan, name)


def _wait(plan: ClusterPlan, names: list[str], is_ready: Callable[[], bool]) -> None:
    """Wait for readiness, and name the daemon and its log when one of them gives up."""
    begun = time.monotonic()
    while not is_ready():
        waited = time.monotonic() - begun
        gone = [name for name in names if name not in daemons.running(plan)] if waited > 1 else []
        if gone or waited > START_PATIENCE_S:
            name = (gone or names)[0]
            where = daemons.log_of(plan, name)
            raise StageError(f"{name} did not start: {_tail(plan, name)} (all of it: {where})")
        time.sleep(0.05)


def _tail(plan: ClusterPlan, name: str) -> str:
    for file in (daemons.log_of(plan, name), plan.folder / "log" / f"{name}.out"):
        if file.exists():
            lines = file.read_text(errors="replace").strip().splitlines()
            if lines:
                return lines[-1]
    return "it printed nothing"


def _munge_answers(plan: ClusterPlan) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(plan.folder / "munge" / "socket"))
        except OSError:
            return False
    return True


def _nodes_ready(plan: ClusterPlan) -> bool:
    states = _states(plan)
    return len(states) == plan.nodes and all(_takes(state) for _, state in states)


def _takes(state: str) -> bool:
    """Whether a node in this state takes jobs; a mark behind it means that it does not answer."""
    return state in {"idle", "mixed", "allocated", "completing"}


def _states(plan: ClusterPlan) -> list[tuple[str, str]]:
    table = slurm.answer(plan, ["sinfo", "--noheader", "--Node", "--format=%N %T"], patience_s=5)
    rows = (line.split() for line in table.splitlines())
    # A node has a row for each partition that it is in.
    return sorted({(row[0], row[1]) for row in rows if len(row) == 2})


def _jobs(plan: ClusterPlan) -> list[Process]:
    """What steps have started: the pupils' programs and no part of Slurm."""
    return [process for process in daemons.belonging(plan) if not daemons.is_slurm(process)]


def _of(plan: ClusterPlan, *programs: str) -> list[Process]:
    """The cluster's processes of these programs, or all of them where none is named."""
    found = daemons.belonging(plan)
    return [p for p in found if not programs or daemons.program(p) in programs]
