"""The readable files in ``slurm_conf/``, filled in for one cluster."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path
from string import Template

from stage.checkout import ROOT
from stage.plan import ClusterPlan

TEMPLATES = ROOT / "slurm_conf"
CORES_PER_NODE = 64  # claimed, not counted: see SlurmdParameters in slurm_conf/slurm.conf
MEMORY_PER_NODE = 128_000  # MiB, claimed as well
GPU_TYPE = "demo"


def fill_in(plan: ClusterPlan, database_password: str) -> dict[str, str]:
    """File name to text, for every file in ``slurm_conf/`` that a daemon reads."""
    values = {
        "cluster": plan.name,
        "host": short_host_name(),
        "folder": str(plan.folder),
        "controller_port": plan.controller_port,
        "accounting_port": plan.accounting_port,
        "database_port": plan.database_port,
        "database_password": database_password,
        "nodes": plan.nodes,
        "node_ports": f"{plan.node_ports[0]}-{plan.node_ports[-1]}",
        "cpus": CORES_PER_NODE,
        "memory": MEMORY_PER_NODE,
        "gpu_type": GPU_TYPE,
        "gpus": plan.gpus,
        "last_gpu": plan.gpus - 1,
        "shards": plan.gpus * plan.shards,
        "tokens": _tokens(plan),
        "cgroup_plugin": plan.release.cgroup_plugin,
    }
    return {
        file.name: Template(file.read_text()).substitute(values)
        for file in sorted(TEMPLATES.iterdir())
        if file.suffix in {".conf", ".cnf"}
    }


def _tokens(plan: ClusterPlan) -> str:
    """The lines that let slurmctld and slurmdbd believe tokens; nothing where none are wanted."""
    if not plan.rest:
        return "# (not on this cluster)"
    return f"AuthAltTypes=auth/jwt\nAuthAltParameters=jwt_key={plan.token_key}"


def write(plan: ClusterPlan, texts: dict[str, str]) -> bool:
    """Write the files below the cluster's folder, and say whether any of them changed."""
    folder = plan.folder / "etc"
    folder.mkdir(parents=True, exist_ok=True)
    changed = False
    for name, text in texts.items():
        file = folder / name
        if file.exists() and file.read_text() == text:
            continue
        changed = True
        secret = name == "slurmdbd.conf"
        _replace(file, text, 0o600 if secret else 0o644, "slurm" if secret else "root")
    return changed


def _replace(file: Path, text: str, mode: int, owner: str) -> None:
    """Put the whole file in place at once, and never with a looser mode than it ends with."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        entry = pwd.getpwnam(owner)
        os.fchown(stream.fileno(), entry.pw_uid, entry.pw_gid)
        os.fchmod(stream.fileno(), mode)
    fresh.replace(file)


def short_host_name() -> str:
    """What Slurm's daemons compare ``SlurmctldHost`` and ``NodeHostname`` with."""
    return socket.gethostname().split(".")[0]
