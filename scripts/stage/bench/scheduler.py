"""What each way to Slurm costs, beside Slurm's own commands as a person types them.

On one cluster and in one run: how fast arrays of forty are handed over, and what one poll costs
with 3,600 held tasks as 90 arrays and as 3,600 jobs, in time, in processor seconds of everybody
who takes part, and in questions to slurmctld. No job runs.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from stage import accounting, cluster, daemons, slurm
from stage.bench.asking import SEATS, Cost, Field, by_hand, by_way
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan, load_plan
from stage.school import SLURM_ACCOUNT

NAME = "ways"
CLASSES = 90
SUBMIT = "one array of 40 handed over"
ARRAYS = "90 arrays of 40"
JOBS = "3,600 jobs"
PYSLURM = "KESUAN_PYSLURM_PATH"
RAW_POLLS: Mapping[str, Sequence[str]] = {
    "raw squeue": ("squeue", "--me"),
    "raw squeue --array": ("squeue", "--me", "--array"),
    "raw squeue --json": ("squeue", "--me", "--json"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--polls", type=int, default=10, help="of each way and shape; default: 10")
    parser.add_argument("--arrays", type=int, default=30, help="handed over; default: 30")
    parser.add_argument(
        "--pyslurm",
        default=os.environ.get(PYSLURM),
        help=f"folder with a pyslurm for this Slurm (default: ${PYSLURM}); docs/pyslurm.md",
    )


def run(options: argparse.Namespace) -> int:
    plan = replace(load_plan(NAME) or ClusterPlan(NAME, nodes=1), rest=True)
    if not daemons.running(plan):
        plan = replace(plan, port_base=0).with_ports()
    ways = _ways(plan, options.pyslurm)
    found: dict[str, dict[str, Cost]] = {}
    try:
        # slurmctld remembers what has ended for five minutes, so each part has a fresh one.
        for what, measure in ((SUBMIT, _submissions), (ARRAYS, _polls), (JOBS, _polls)):
            _forget(plan)
            cluster.up(plan)
            accounting.make_account(plan, SLURM_ACCOUNT, 64, [SERVICE_USER])
            found[what] = measure(Field(plan, ways, options), what)
            print(f"measured: {what}", flush=True)
    finally:
        cluster.down(plan)
    _report(found)
    return 0


def _forget(plan: ClusterPlan) -> None:
    if plan.folder.exists():
        cluster.wipe(plan)


def _submissions(field: Field, _: str) -> dict[str, Cost]:
    typed = field.sbatch(f"--array=0-{SEATS - 1}")
    found = {"raw sbatch": by_hand(field.plan, typed, field.options.arrays)}
    for name in field.ways:
        found[name] = by_way(field, name, "submit", field.options.arrays)[1]
    return found


def _polls(field: Field, shape: str) -> dict[str, Cost]:
    if shape == ARRAYS:
        _fill(field.plan, field.sbatch(f"--array=0-{SEATS - 1}"), CLASSES)
    else:
        _fill(field.plan, field.sbatch(), CLASSES * SEATS)
    found = {
        name: by_hand(field.plan, command, field.options.polls)
        for name, command in RAW_POLLS.items()
    }
    for name in field.ways:
        tasks, found[name] = by_way(field, name, "alive", field.options.polls)
        if tasks != CLASSES * SEATS:
            raise StageError(f"{name} sees {tasks} tasks and not {CLASSES * SEATS}")
    return found


def _ways(plan: ClusterPlan, pyslurm: str | None) -> dict[str, dict[str, Any]]:
    """Settings of [slurm] for each way that can be tried here."""
    common = {"conf": str(plan.slurm_conf), "partition": "class", "user": SERVICE_USER}
    ways: dict[str, dict[str, Any]] = {
        "commands": {**common, "backend": "commands"},
        "rest": {
            **common,
            "backend": "rest",
            "rest_url": f"http://127.0.0.1:{plan.rest_port}",
            "rest_max_array_size": 4001,
        },
    }
    if pyslurm:
        ways["pyslurm"] = {**common, "backend": "pyslurm", "pyslurm": pyslurm}
    else:
        print(f"pyslurm: not run, no folder of one is named (--pyslurm or {PYSLURM})")
    return ways


def _fill(plan: ClusterPlan, command: Sequence[str], times: int) -> None:
    """Hand the same over so many times, four at once."""
    words = ["xargs", "-P4", "-I{}", command[0], "--job-name=bench-{}", *command[1:]]
    slurm.as_service_user(plan, words, "".join(f"{number}\n" for number in range(times)))


def _report(found: Mapping[str, Mapping[str, Cost]]) -> None:
    heads = ("median ms", "CPU ms", "slurmctld", "slurmrestd", "RPCs")
    for what, by_whom in found.items():
        title = what if what == SUBMIT else f"one poll of {what}"
        print(f"\n{title:<34}{''.join(f'{head:>12}' for head in heads)}")
        for name, cost_of_one in by_whom.items():
            print(f"  {name:<32}{''.join(f'{n:>12.2f}' for n in asdict(cost_of_one).values())}")
    plain = {
        what: {name: asdict(one) for name, one in by_whom.items()}
        for what, by_whom in found.items()
    }
    print(json.dumps(plain))
