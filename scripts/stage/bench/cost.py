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


def groups(plan: ClusterPlan, site: Site, server: str | None) -> dict[str, list[Process]]:
    """The processes of web, agent, Slurm and database that are there now, with their children.

    Looking through thousands of processes takes its time: once, and not while it is measured.
    """
    slurm = daemons.running(plan)
    heads: Mapping[str, list[Process]] = {
        **{name: [head] for name, head in services.running(site).items()},
        "slurmctld": [slurm["slurmctld"]],
        "slurmdbd and its database": [slurm["slurmdbd"], slurm["mariadbd"]],
        "postgres": postgres.belonging(server) if server else [],
    }
    everything = processes.all_processes()
    return {
        name: processes.with_descendants(some, everything) for name, some in heads.items() if some
    }


def used_s(found: Mapping[str, list[Process]]) -> dict[str, float]:
    """CPU seconds so far of each group, with the commands that it has run."""
    return {name: sum(map(of_process_s, some)) for name, some in found.items()}


def memory_mb(found: Mapping[str, list[Process]]) -> dict[str, float]:
    """Megabytes of each group; what its processes share counts once.

    The proportional set size of proc_pid_smaps_rollup(5).
    """
    return {name: sum(map(_proportional_mb, some)) for name, some in found.items()}


def since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The difference of two counts; what is in one of them alone is left out."""
    return {name: after[name] - before[name] for name in after if name in before}


def of_process_s(process: Process) -> float:
    """CPU seconds so far of the process itself and of its children that have ended."""
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
