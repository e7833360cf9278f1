"""The command behind ``scripts/cluster``."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from dataclasses import replace

from stage import accounting, cluster, daemons, debian
from stage.checkout import SERVICE_USER, StageError
from stage.commands import run
from stage.plan import ClusterPlan, load_plan


def _up(options: argparse.Namespace) -> int:
    begun = time.monotonic()
    saved = load_plan(options.name)
    sizes = {
        key: getattr(options, key)
        for key in ("nodes", "gpus", "shards", "port_base", "rest", "debian")
        if getattr(options, key) is not None
    }
    plan = replace(saved or ClusterPlan(options.name), **sizes)
    if not daemons.running(plan):
        plan = _with_free_ports(plan, chosen="port_base" in sizes)
    if plan.debian:
        debian.build(plan.debian, print)
    cluster.up(plan)
    print(cluster.describe(plan))
    print(f"cluster {plan.name} is up after {time.monotonic() - begun:.1f} s")
    return 0


def _with_free_ports(plan: ClusterPlan, chosen: bool) -> ClusterPlan:
    """Keep the ports that the cluster had, unless somebody else took them meanwhile."""
    try:
        return plan.with_ports()
    except StageError:
        if chosen:
            raise
        return replace(plan, port_base=0).with_ports()


def _down(options: argparse.Namespace) -> int:
    plan = load_plan(options.name)
    if plan is None:
        print(f"cluster {options.name} was never up")
        return 0
    if options.wipe:
        cluster.wipe(plan)
    else:
        cluster.down(plan)
    print(f"cluster {plan.name} is down" + (" and forgotten" if options.wipe else ""))
    return 0


def _status(options: argparse.Namespace) -> int:
    plan = load_plan(options.name)
    if plan is None:
        print(f"cluster {options.name} was never up")
        return 1
    print(cluster.describe(plan))
    faults = cluster.faults(plan)
    for fault in faults:
        print(f"fault: {fault}")
    return 1 if faults else 0


def _account(options: argparse.Namespace) -> int:
    plan = _known(options.name)
    accounting.make_account(plan, options.account, options.shares, options.users.split(","))
    print(f"account {options.account}: {options.shares} shares for {options.users}")
    return 0


def _env(options: argparse.Namespace) -> int:
    plan = _known(options.name)
    print(f"export SLURM_CONF={shlex.quote(str(plan.slurm_conf))}")
    return 0


def _known(name: str) -> ClusterPlan:
    plan = load_plan(name)
    if plan is None:
        raise StageError(f"there is no cluster {name!r}: scripts/cluster up --name {name}")
    return plan


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cluster", description="A real Slurm on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, do: object, what: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=what)
        sub.add_argument("--name", default="demo", help="which cluster (default: demo)")
        sub.set_defaults(run=do)
        return sub

    up = command("up", _up, "start it, or what is missing of it")
    up.add_argument("--nodes", type=int, help="nodes (default 4)")
    up.add_argument("--gpus", type=int, help="GPUs on each node (default 2)")
    up.add_argument("--shards", type=int, help="shares of each GPU (default 8)")
    up.add_argument("--port-base", type=int, help="first of its 100 ports (default: a free block)")
    up.add_argument(
        "--rest",
        action=argparse.BooleanOptionalAction,
        help="slurmrestd and tokens for it (default: as last time, at first none)",
    )
    up.add_argument(
        "--debian",
        help="run the Slurm of another Debian: bookworm, trixie or forky (needs debootstrap; "
        "default: as last time, at first this machine's)",
    )
    down = command("down", _down, "end its daemons and jobs")
    down.add_argument("--wipe", action="store_true", help="forget its accounts and history too")
    command("status", _status, "nodes, GPUs, shares and daemons; 0 only if all are up")
    account = command("account", _account, "make a school's account, or change its limit")
    account.add_argument("account", metavar="ACCOUNT")
    account.add_argument("--shares", type=int, required=True, help="shares it may use at once")
    account.add_argument("--users", default=SERVICE_USER, help=f"default: {SERVICE_USER}")
    command("env", _env, "print what a shell needs to talk to it")
    return parser


if __name__ == "__main__":
    sys.exit(run(_parser()))
