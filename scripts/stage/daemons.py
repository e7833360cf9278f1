"""The daemons of one cluster: which of them run, and how each is started.

A process belongs to a cluster by what it was started with: the cluster's slurm.conf in its
environment, or the cluster's folder in its arguments or open files.
"""

from __future__ import annotations

from pathlib import Path

from stage import debian, processes
from stage.plan import ClusterPlan
from stage.processes import Process

PATH = debian.PATH
JOBS_NICE = "10"
REST_USER = "slurmrestd"
OUTSIDE = frozenset({"munged", "mariadbd"})  # this machine's own, whatever Slurm is beside them
DAEMONS = frozenset(
    {"munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd", "slurmstepd", "slurmrestd"}
)


def environment(plan: ClusterPlan) -> dict[str, str]:
    """What every daemon and command of the cluster is started with, and nothing else."""
    return {"PATH": debian.PATH, "LC_ALL": "C.UTF-8", "SLURM_CONF": str(plan.slurm_conf)}


def belonging(plan: ClusterPlan) -> list[Process]:
    """Every process of this cluster: daemons, job steps, jobs, and what jobs started."""
    everything = _all(plan)
    daemons = [process for process in everything if _is_daemon(plan, process)]
    # A step that was killed leaves its job behind as an orphan; Slurm marked it at its start.
    orphans = [
        process
        for process in everything
        if "SLURM_JOB_ID" in process.environment
        and process.environment.get("SLURM_CONF") == str(plan.slurm_conf)
    ]
    return processes.with_descendants([*daemons, *orphans], everything)


def running(plan: ClusterPlan) -> dict[str, Process]:
    """The daemons that run, by name: munged, mariadbd, slurmdbd, slurmctld, slurmd-g1 …"""
    found = {}
    for process in _all(plan):
        if process.title in DAEMONS - {"slurmstepd"} and _is_daemon(plan, process):
            found[_name(process)] = process
    return found


def expected(plan: ClusterPlan) -> list[str]:
    nodes = [f"slurmd-{node}" for node in plan.node_names]
    rest = ["slurmrestd"] if plan.rest else []
    return ["munged", "mariadbd", "slurmdbd", "slurmctld", *nodes, *rest]


def start(plan: ClusterPlan, name: str) -> None:
    """Start one daemon in the background; its owner drops to its own user where it has one."""
    folder = plan.folder
    user: str | None = None
    also: dict[str, str] = {}
    if name == "munged":
        # The checkout's folders may belong to anybody, which munged refuses without --force.
        # The key itself is mode 600 and munge's.
        user = "munge"
        command = [
            "munged",
            "--foreground",
            "--force",
            f"--key-file={folder}/munge/key",
            f"--socket={folder}/munge/socket",
            f"--pid-file={folder}/munge/munged.pid",
            f"--seed-file={folder}/munge/seed",
            f"--log-file={folder}/munge/munged.log",
        ]
    elif name == "mariadbd":
        user = "mysql"
        command = ["mariadbd", f"--defaults-file={folder}/etc/mariadb.cnf"]
    elif name in {"slurmdbd", "slurmctld"}:
        user = "slurm"
        command = [name, "-D", *(["-i"] if name == "slurmctld" and _lacks_usage(plan) else [])]
    elif name == "slurmrestd":
        # A user of its own, neither root nor slurm, as its manual asks: it only passes tokens on,
        # and so needs no key. https://slurm.schedmd.com/slurmrestd.html#SECTION_ENVIRONMENT-VARIABLES
        user = REST_USER
        # It would cut the numbers of an array's waiting tasks off after 64 characters.
        also = {"SLURM_JWT": "daemon", "SLURM_BITSTR_LEN": "0"}
        command = ["slurmrestd", "-a", "rest_auth/jwt", f"127.0.0.1:{plan.rest_port}"]
    else:
        # Nodes, portal and browser share this one machine: jobs, which inherit the niceness of
        # slurmd, must not keep the pages waiting.
        command = ["slurmd", "-D", "-n", JOBS_NICE, "-N", name.removeprefix("slurmd-")]
    if plan.debian and name not in OUTSIDE:
        command, user = debian.inside(plan.debian, command, user), None
    processes.start(command, folder / "log" / f"{name}.out", {**environment(plan), **also}, user)


def log_of(plan: ClusterPlan, name: str) -> Path:
    if name == "munged":
        return plan.folder / "munge" / "munged.log"
    suffix = "out" if name == "slurmrestd" else "log"  # it has no log file of its own
    return plan.folder / "log" / f"{name}.{suffix}"


def program(process: Process) -> str:
    """The program's name; Debian's slurmctld is a link to slurmctld-wlm."""
    return process.program.removesuffix("-wlm")


def is_slurm(process: Process) -> bool:
    """Whether it is a daemon or a part of one, and not a job."""
    return program(process) in DAEMONS


def _lacks_usage(plan: ClusterPlan) -> bool:
    """Whether slurmctld has to be told to start with what there is of its state."""
    return plan.release.wants_usage and not (plan.folder / "state" / "assoc_usage").exists()


def _all(plan: ClusterPlan) -> list[Process]:
    """Every process that could be the cluster's: Slurm may be in another Debian."""
    found = processes.all_processes()
    return found + processes.all_processes(debian.root(plan.debian)) if plan.debian else found


def _is_daemon(plan: ClusterPlan, process: Process) -> bool:
    if not is_slurm(process):
        return False
    inside = f"{plan.folder}/"
    return (
        process.environment.get("SLURM_CONF") == str(plan.slurm_conf)
        or any(inside in argument for argument in process.arguments)
        or any(path.startswith(inside) for path in process.open_files())
    )


def _name(process: Process) -> str:
    if process.title != "slurmd":
        return process.title
    arguments = process.arguments
    return f"slurmd-{arguments[arguments.index('-N') + 1]}" if "-N" in arguments else "slurmd"
