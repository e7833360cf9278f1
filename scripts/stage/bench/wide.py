"""A cluster on which ninety classes of forty are in training at once, though nothing computes.

It is the cluster of `scripts/cluster` with three differences, each set below with its reason. Slurm
itself is as real as ever: every task has a step daemon, a process and an account.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Mapping
from dataclasses import replace

from stage import accounting, cluster, daemons, processes
from stage.checkout import SERVICE_USER, StageError, alone
from stage.plan import ClusterPlan, load_plan

NODES, GPUS, SHARDS = 30, 16, 8
CPUS, MEMORY_MB = GPUS * SHARDS, GPUS * SHARDS * 4096
PATIENCE_S = 60.0

# slurm.conf(5): https://slurm.schedmd.com/slurm.conf.html
LINES: Mapping[str, str] = {
    # Both others look through all of /proc for each task, every 30 s and at its end. That is
    # nothing beside sixteen seats on a node, and more than this machine has beside 3,600.
    "ProctrackType": "proctrack/pgid",
    "JobAcctGatherType": "jobacct_gather/none",
}


def up(name: str, accounts: list[str]) -> ClusterPlan:
    """A fresh cluster with 3,840 shares, and an account for each of these schools."""
    down(name)
    with alone():
        plan = replace(
            load_plan(name) or ClusterPlan(name), nodes=NODES, gpus=GPUS, shards=SHARDS, port_base=0
        ).with_ports()
        cluster.up(plan)
    _widen(plan)
    accounting.make_accounts(plan, accounts, NODES * GPUS * SHARDS, SERVICE_USER)
    return plan


def down(name: str) -> None:
    """End it, with its jobs, and forget them: the next start is one without 3,600 old tasks."""
    plan = load_plan(name)
    if plan is None:
        return
    # A controller would be told of 3,600 ends, one after the other.
    found = daemons.belonging(plan)
    for process in found:
        if daemons.program(process) in {"slurmctld", "slurmd"}:
            processes.send(process, signal.SIGKILL)
    for process in found:
        if not daemons.is_slurm(process) or daemons.program(process) == "slurmstepd":
            processes.send(process, signal.SIGKILL)
    cluster.wipe(plan)


def _widen(plan: ClusterPlan) -> None:
    """Start Slurm anew with the lines above, on nodes that claim as many cores as shares."""
    text = plan.slurm_conf.read_text()
    for key, value in LINES.items():
        text = re.sub(rf"^{key}=.*$", f"{key}={value}", text, flags=re.MULTILINE)
    text = re.sub(r"(?<= )CPUs=\d+ RealMemory=\d+", f"CPUs={CPUS} RealMemory={MEMORY_MB}", text)
    plan.slurm_conf.write_text(text)
    names = {"slurmctld", *(f"slurmd-{node}" for node in plan.node_names)}
    processes.end(lambda: [p for name, p in daemons.running(plan).items() if name in names])
    for one in sorted(names):
        daemons.start(plan, one)
    deadline = time.monotonic() + PATIENCE_S
    while faults := cluster.faults(plan):
        if time.monotonic() > deadline:
            raise StageError(f"the cluster did not come up: {faults[0]}")
        time.sleep(0.2)
