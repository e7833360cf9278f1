"""The simulated nodes: what is free, what is taken. No time in here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from portal.scheduler.protocol import GresCount, NodeState, NodeStatus

_GRES = re.compile(r"(?P<name>[a-z]+)(?::(?P<type>\w*[A-Za-z_.]\w*))?(?::(?P<count>\d+))?")
_SHARED = frozenset({"shard", "mps"})


@dataclass(frozen=True, slots=True)
class Need:
    """What one task takes of a node: units of one GPU, or so many whole GPUs, or neither."""

    cpus: int
    memory_mb: int
    units: int = 0
    gpus: int = 0

    @classmethod
    def of(cls, gres: str | None, cpus: int, memory_mb: int) -> Need | None:
        """The need behind a request's words; None if the words make no sense."""
        if gres is None:
            return cls(cpus, memory_mb)
        match = _GRES.fullmatch(gres)
        if match is None:
            return None
        count = int(match["count"] or 1)
        if match["name"] in _SHARED:
            return cls(cpus, memory_mb, units=count)
        return cls(cpus, memory_mb, gpus=count)


@dataclass(slots=True)
class Machine:
    """One node. `units[i]` is how many units of GPU i are taken; `whole` are GPUs taken whole."""

    name: str
    cpus: int
    memory_mb: int
    gpus: int
    units_per_gpu: int
    cpus_used: int = 0
    memory_used_mb: int = 0
    units: list[int] = field(default_factory=list)
    whole: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.units = [0] * self.gpus

    def could(self, need: Need) -> bool:
        """An empty node of this kind would be enough."""
        return (
            need.cpus <= self.cpus
            and need.memory_mb <= self.memory_mb
            and need.gpus <= self.gpus
            and need.units <= (self.units_per_gpu if self.gpus else 0)
        )

    def take(self, need: Need) -> tuple[int, ...] | None:
        """Give these resources; the GPUs they lie on, or None if they are not free."""
        if (
            self.cpus_used + need.cpus > self.cpus
            or self.memory_used_mb + need.memory_mb > self.memory_mb
        ):
            return None
        chosen = self._choose(need)
        if chosen is None:
            return None
        self.cpus_used += need.cpus
        self.memory_used_mb += need.memory_mb
        for gpu in chosen:
            if need.units:
                self.units[gpu] += need.units
            else:
                self.whole.add(gpu)
        return chosen

    def give_back(self, need: Need, chosen: tuple[int, ...]) -> None:
        """Undo `take`."""
        self.cpus_used -= need.cpus
        self.memory_used_mb -= need.memory_mb
        for gpu in chosen:
            if need.units:
                self.units[gpu] -= need.units
            else:
                self.whole.discard(gpu)

    def status(self) -> NodeStatus:
        """As the protocol shows it."""
        base = "MIXED" if self.cpus_used else "IDLE"
        whole = tuple((int(gpu in self.whole), 1) for gpu in range(self.gpus))
        units = tuple((taken, self.units_per_gpu) for taken in self.units)
        gres = (
            GresCount("gpu", "", self.gpus, len(self.whole), whole),
            GresCount("shard", "", self.gpus * self.units_per_gpu, sum(self.units), units),
        )
        return NodeStatus(
            name=self.name,
            state=NodeState("ALLOCATED" if self.cpus_used == self.cpus else base),
            cpus=self.cpus,
            cpus_used=self.cpus_used,
            memory_mb=self.memory_mb,
            memory_used_mb=self.memory_used_mb,
            gres=gres if self.gpus else (),
            partitions=("memory",),
        )

    def _choose(self, need: Need) -> tuple[int, ...] | None:
        """GPUs for this need. A GPU is used whole or shared, and units must lie on one GPU."""
        if need.units:
            for gpu, taken in enumerate(self.units):
                if gpu not in self.whole and taken + need.units <= self.units_per_gpu:
                    return (gpu,)
            return None
        empty = [g for g, taken in enumerate(self.units) if not taken and g not in self.whole]
        return tuple(empty[: need.gpus]) if len(empty) >= need.gpus else None
