"""What one embedded cluster looks like: its name, its size and its ports."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stage.checkout import VAR, StageError, write_whole
from stage.ports import is_free
from stage.releases import BY_SUITE, RELEASES, Release, here

CLUSTERS = VAR / "cluster"
NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
FIRST_PORT = 17000
PORTS_PER_CLUSTER = 100
FIRST_NODE_PORT = 20  # counted from the cluster's first port; the daemons have those before it
MOST_NODES = PORTS_PER_CLUSTER - FIRST_NODE_PORT


@dataclass(frozen=True)
class ClusterPlan:
    """The choices behind a cluster, kept in ``cluster.json`` so that no command asks again."""

    name: str
    nodes: int = 4
    gpus: int = 2  # on each node
    shards: int = 8  # of each GPU: a share is an eighth
    port_base: int = 0  # 0: the first free block
    rest: bool = False  # slurmrestd too, with tokens
    debian: str = ""  # the suite whose Slurm it runs, in a folder of its own; "": this machine's

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise StageError(
                f"a cluster's name is 1 to 16 small letters and digits, not {self.name!r}"
            )
        if self.debian and self.debian not in BY_SUITE:
            known = ", ".join(BY_SUITE)
            raise StageError(f"--debian is one of {known}, not {self.debian!r}")
        for what, value, most in (
            ("--nodes", self.nodes, MOST_NODES),
            ("--gpus", self.gpus, 16),
            ("--shards", self.shards, 64),
        ):
            if not 1 <= value <= most:
                raise StageError(f"{what} is a number from 1 to {most}, not {value}")
        if self.port_base and not 1024 <= self.port_base <= 65535 - PORTS_PER_CLUSTER:
            raise StageError(f"--port-base is a port from 1024 to 65435, not {self.port_base}")

    @property
    def folder(self) -> Path:
        return CLUSTERS / self.name

    @property
    def release(self) -> Release:
        """The Slurm that it runs; the oldest known where this machine's is none of those."""
        return BY_SUITE[self.debian] if self.debian else here() or RELEASES[0]

    @property
    def slurm_conf(self) -> Path:
        return self.folder / "etc" / "slurm.conf"

    @property
    def node_names(self) -> list[str]:
        return [f"g{number}" for number in range(1, self.nodes + 1)]

    @property
    def controller_port(self) -> int:
        return self.port_base

    @property
    def accounting_port(self) -> int:
        return self.port_base + 1

    @property
    def database_port(self) -> int:
        return self.port_base + 2

    @property
    def rest_port(self) -> int:
        return self.port_base + 3

    @property
    def token_key(self) -> Path:
        """The key that signs tokens for slurmrestd; slurm's own, mode 600."""
        return self.folder / "tokens" / "key"

    @property
    def node_ports(self) -> range:
        first = self.port_base + FIRST_NODE_PORT
        return range(first, first + self.nodes)

    @property
    def ports(self) -> list[int]:
        daemons = [self.controller_port, self.accounting_port, self.database_port]
        if self.rest:
            daemons.append(self.rest_port)
        return [*daemons, *self.node_ports]

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / "cluster.json", json.dumps(asdict(self), indent=1) + "\n")

    def with_ports(self) -> ClusterPlan:
        """The same plan with ports that are free now.

        A port base that a person chose is kept, and a busy port in it is an error.
        """
        if self.port_base:
            busy = [port for port in self.ports if not is_free(port)]
            if busy:
                raise StageError(f"port {busy[0]} is in use; choose others with --port-base")
            return self
        taken = {plan.port_base for plan in saved_plans() if plan.name != self.name}
        for base in range(FIRST_PORT, 32000, PORTS_PER_CLUSTER):
            candidate = replace(self, port_base=base)
            if base not in taken and all(is_free(port) for port in candidate.ports):
                return candidate
        raise StageError("no free block of ports between 17000 and 32000; choose --port-base")


def load_plan(name: str) -> ClusterPlan | None:
    """The plan that an earlier ``up`` saved, or None."""
    try:
        saved = json.loads((CLUSTERS / name / "cluster.json").read_text())
        return ClusterPlan(**saved)
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as fault:
        raise StageError(
            f"var/cluster/{name}/cluster.json cannot be read ({fault}); remove that folder"
        ) from fault


def saved_plans() -> list[ClusterPlan]:
    plans = (load_plan(file.parent.name) for file in sorted(CLUSTERS.glob("*/cluster.json")))
    return [plan for plan in plans if plan is not None]
