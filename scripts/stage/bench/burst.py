"""Ninety classes of forty press Train in the same ten seconds, beside what a person could do.

Nothing of it runs: the nodes are drained for everybody alike, because forking 3,600 trivial jobs
would blur what is measured, which is how runs get into Slurm's queue.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from stage import accounting, postgres, sdiag, services, terminal, world
from stage.bench import contenders, cost, crowd, queue
from stage.bench.contenders import PROGRAMS, Field
from stage.bench.crowd import Burst
from stage.checkout import SERVICE_USER, StageError
from stage.plan import ClusterPlan
from stage.site import SITES, Site

SAMPLES = ("fashion-mnist-1000", "penguins")
WARM_SEATS = 80
# After the last press, until the agent has to have sent everything.
PATIENCE_S = 180.0


class Row(NamedTuple):
    """One run in the database, as `programs/ledger.py` prints it."""

    run: str
    batch: str
    task: int
    job: int | None
    sent_at: float | None


@dataclass(frozen=True)
class Landed:
    """What became of the portal's runs in Slurm."""

    all_in_slurm_s: float
    arrays: int
    tasks: int
    lost: int  # answered with a run that Slurm does not have
    doubled: int  # tasks in Slurm beyond one for each run of the database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--schools", type=int, default=90, help="default: 90, one class each")
    parser.add_argument("--seats", type=int, default=40, help="of each class; default: 40")
    parser.add_argument("--seconds", type=float, default=10.0, help="of pressing; default: 10")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--name", default="burst", help="of its cluster and site; default: burst")
    parser.add_argument("--seed", type=int, default=1, help="who presses when; default: 1")


def run(options: argparse.Namespace) -> int:
    try:
        return _measure(options)
    finally:
        world.down(options.name)
        postgres.down(options.name)


def _measure(options: argparse.Namespace) -> int:
    shutil.rmtree(SITES / options.name, ignore_errors=True)
    server = postgres.up(options.name, durable=True) if options.database == "postgres" else None
    plan, site = world.up(options.name, print, database=server)
    return compete(options, plan, site)


def compete(options: argparse.Namespace, plan: ClusterPlan, site: Site) -> int:
    """All ways on a cluster where nothing else runs, and an empty site that does."""
    accounts = [f"school{number:03}" for number in range(1, options.schools + 1)]
    accounting.make_accounts(plan, ["warmup", *accounts], world.SHARES, SERVICE_USER)
    terminal.kesuan(site, "data", "import", *SAMPLES)
    queue.clear(plan)
    queue.drain(plan)
    try:
        return _compete(options, plan, site, accounts)
    finally:
        services.stop(site, "agent")
        queue.clear(plan)
        queue.resume(plan)


def _compete(
    options: argparse.Namespace, plan: ClusterPlan, site: Site, accounts: list[str]
) -> int:
    print("warming up: each way once, with a small class", flush=True)
    field = Field(plan, site, accounts, options.seats)
    small = Field(plan, site, ["warmup"], 2)
    field.folder.mkdir()
    owner = pwd.getpwnam(SERVICE_USER)
    os.chown(field.folder, owner.pw_uid, owner.pw_gid)
    warm = crowd.pupils(site, ["warmup"], WARM_SEATS)
    classes = crowd.pupils(site, accounts, options.seats)
    presses = crowd.presses(classes, options.seconds, options.seed)
    _sent(site, crowd.press_all(site, crowd.presses(warm, 1.0, options.seed)))
    whole_at_s = crowd.whole_at_s(presses, accounts)
    ways: Mapping[str, Callable[[Field], float]] = {
        "raw_sbatch": contenders.one_by_one,
        "raw_arrays": lambda some: contenders.arrays_in_time(
            some, whole_at_s[: len(some.accounts)]
        ),
        "raw_arrays_unpaced": contenders.arrays,
        "submitit": contenders.by_submitit,
    }
    for name, way in ways.items():
        if name != "raw_arrays":
            way(small)
    queue.clear(plan)

    load = os.getloadavg()[0]
    print(f"{len(presses)} presses in {options.seconds:g} s; load before: {load:.2f}", flush=True)
    server = options.name if options.database == "postgres" else None
    before = cost.used_s(cost.groups(plan, site, server))
    sdiag.reset(plan)
    burst = crowd.press_all(site, presses)
    rows = _sent(site, burst)
    rpcs = {"portal": dict(sdiag.calls(plan).by_type)}
    used = cost.since(before, cost.used_s(cost.groups(plan, site, server))) | {
        "generator": burst.cpu_s
    }
    landed = _landed(plan, burst, rows)
    # An idle agent looks at the nodes now and then; the others are without it.
    services.stop(site, "agent")
    queue.clear(plan)

    seconds: dict[str, float] = {}
    for name, way in ways.items():
        sdiag.reset(plan)
        seconds[name] = way(field)
        rpcs[name] = dict(sdiag.calls(plan).by_type)
        found = len(queue.tasks(plan))
        if found != len(presses):
            raise StageError(f"{name}: Slurm has {found} tasks and not {len(presses)}")
        queue.clear(plan)
        print(f"{name}: {seconds[name]:.2f} s", flush=True)
    _report(options, burst, landed, seconds, used, rpcs, load)
    return 1 if landed.lost or landed.doubled else 0


def _sent(site: Site, burst: Burst) -> list[Row]:
    """What the database says of every run, once the last one has been acknowledged."""
    wanted = {"since": burst.began_at - 1, "runs": len(burst.runs), "patience_s": PATIENCE_S}
    said = terminal.python(site, PROGRAMS / "ledger.py", typed=json.dumps(wanted), environment={})
    rows = [Row(*row) for row in json.loads(said)["tasks"]]
    waiting = max(len(burst.runs), len(rows)) - sum(row.sent_at is not None for row in rows)
    if waiting:
        raise StageError(f"{waiting} runs were not in Slurm after {PATIENCE_S:.0f} s")
    return rows


def _landed(plan: ClusterPlan, burst: Burst, rows: Sequence[Row]) -> Landed:
    """Slurm's queue held against the database and against what the pupils were answered."""
    there = queue.tasks(plan)
    tasks = set(there)
    in_slurm = {row.run for row in rows if (row.batch, str(row.task)) in tasks}
    return Landed(
        all_in_slurm_s=max(row.sent_at or 0.0 for row in rows) - burst.began_at,
        arrays=len({row.batch for row in rows}),
        tasks=len(there),
        lost=len(set(burst.runs) - in_slurm),
        doubled=len(there) - len(in_slurm),
    )


def _report(
    options: argparse.Namespace,
    burst: Burst,
    landed: Landed,
    seconds: Mapping[str, float],
    used: Mapping[str, float],
    rpcs: Mapping[str, Mapping[str, int]],
    load: float,
) -> None:
    p50, p99, slowest = (_quantile(burst.answered_s, share) for share in (0.5, 0.99, 1.0))
    runs, errors = len(burst.answered_s), len(burst.errors)
    print(f"\n{runs} runs, {errors} errors, {options.database}, {burst.connections} connections")
    for error in burst.errors[:5]:
        print(f"  {error}")
    print(f"answer: p50 {p50:.3f} s, p99 {p99:.3f} s, slowest {slowest:.3f} s")
    print(f"the generator was at most {burst.late_s:.3f} s late with a press")
    print(f"CPU until Slurm had all: {cost.described(used)}")
    print("nodes are drained for all of them: no job starts\n")
    every = {"portal": landed.all_in_slurm_s, **seconds}
    print(f"{'':<20}{'seconds':>10}{'jobs/s':>10}{'portal : it':>13}{'RPCs':>8}")
    for name, took_s in every.items():
        ratio, asked = landed.all_in_slurm_s / took_s, sum(rpcs[name].values())
        print(f"{name:<20}{took_s:>10.2f}{runs / took_s:>10.0f}{ratio:>13.2f}{asked:>8}")
    print(f"\nthe portal sent {landed.tasks} tasks in {landed.arrays} arrays")
    print(f"runs that Slurm does not have: {landed.lost}; tasks twice in Slurm: {landed.doubled}")
    print("controller's RPCs by kind")
    for name, by_kind in rpcs.items():
        kinds = sorted(by_kind.items(), key=lambda item: -item[1])
        print(f"  {name:<20}{', '.join(f'{kind} {count}' for kind, count in kinds)}")
    figures: dict[str, Any] = {
        "runs": runs,
        "errors": errors,
        "accept_p50_s": round(p50, 4),
        "accept_p99_s": round(p99, 4),
        "accept_max_s": round(slowest, 4),
        "all_in_slurm_s": round(landed.all_in_slurm_s, 3),
        **{f"{name}_s": round(took_s, 3) for name, took_s in seconds.items()},
        "rpcs": rpcs,
        "arrays": landed.arrays,
        "lost": landed.lost,
        "doubled": landed.doubled,
        "cpu_s": {name: round(took_s, 2) for name, took_s in used.items()},
        "database": options.database,
        "schools": options.schools,
        "seats": options.seats,
        "seconds": options.seconds,
        "seed": options.seed,
        "load_before": round(load, 2),
    }
    print(json.dumps(figures))


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
