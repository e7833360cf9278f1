"""What processes have used of the processor, as /proc counts it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from stage import daemons, postgres, processes, services
from stage.plan import ClusterPlan
from stage.processes import Process
from stage.site import Site

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def used_s(plan: ClusterPlan, site: Site, server: str | None) -> dict[str, float]:
    """CPU seconds so far of web, agent (with the commands that it has run), Slurm and database."""
    slurm = daemons.running(plan)
    portal = services.running(site)
    groups: Mapping[str, list[Process]] = {
        **{name: [head] for name, head in portal.items()},
        "slurmctld": [slurm["slurmctld"]],
        "slurmdbd and its database": [slurm["slurmdbd"], slurm["mariadbd"]],
        "postgres": postgres.belonging(server) if server else [],
    }
    everything = processes.all_processes()
    return {
        name: sum(map(_used_s, processes.with_descendants(heads, everything)))
        for name, heads in groups.items()
        if heads
    }


def memory_mb(plan: ClusterPlan, site: Site) -> dict[str, float]:
    """Megabytes of web (all its workers), agent and controller; what they share counts once.

    The proportional set size of proc_pid_smaps_rollup(5).
    """
    everything = processes.all_processes()
    heads = {**services.running(site), "slurmctld": daemons.running(plan)["slurmctld"]}
    return {
        name: sum(map(_proportional_mb, processes.with_descendants([head], everything)))
        for name, head in heads.items()
    }


def family_s(head: Process) -> float:
    """CPU seconds so far of one process, of those below it and of those of them that have ended."""
    return sum(map(_used_s, processes.with_descendants([head], processes.all_processes())))


def since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The difference of two counts; what is in one of them alone is left out."""
    return {name: after[name] - before[name] for name in after if name in before}


def _used_s(process: Process) -> float:
    """Of the process itself and of its children that have ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) * _TICK_S
    return 0.0


def _proportional_mb(process: Process) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def described(used: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in _largest_first(used))


def _largest_first(used: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    return sorted(used.items(), key=lambda item: -item[1])
