"""Nodes as bars of eighths: how much of each GPU is taken. Pure.

Counting `gpu` alone reads nothing of a site that shares: a job with `gres/shard:1`, `mps:50` or
`gpu:a100_1g.5gb:1` has a part of a GPU. So every resource of the family counts, each in its own
unit, and what is taken whole counts eight.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from portal.accelerators.families import WHOLE, Sharing
from portal.accelerators.offers import Accelerator


class Counted(Protocol):
    """A generic resource of a node, as the scheduler counts it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def used(self) -> int: ...
    @property
    def devices(self) -> Sequence[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class Bar:
    """One device or slice: `used` of `total` eighths; `whole` if one job has all of it."""

    total: int
    used: int
    whole: bool = False


# A MIG slice's name tells its compute sevenths: "a100_1g.5gb", "3g.20gb", "1g.10gb+me".
_MIG = re.compile(r"(?:^|_)([1-7])g\.\d+gb", re.IGNORECASE)


def bars(resources: Iterable[Counted], accelerator: Accelerator) -> tuple[Bar, ...]:
    """The devices of one node. On which of them shared work lies is Slurm's secret in older
    versions; then it is filled in from the first on, as Slurm packs it."""
    rows = list(resources)
    family = accelerator.family
    if family.sharing is Sharing.NONE:
        return ()
    if family.sharing is Sharing.PROFILES:
        return tuple(
            bar for row in rows if row.name == family.resource for bar in _slices(row, accelerator)
        )
    devices = [row for row in rows if row.name == "gpu" and not _MIG.search(row.type)]
    shared = [row for row in rows if row.name == family.resource]
    count = sum(row.total for row in devices) or _devices(shared, accelerator.units_per_device)
    whole = min(count, sum(row.used for row in devices))
    units = _units(shared, count - whole, accelerator.units_per_device)
    parts = [Bar(WHOLE, _eighths(used, accelerator.units_per_device)) for used in units]
    return tuple([Bar(WHOLE, WHOLE, whole=True)] * whole + parts)


def in_use(filled: Iterable[Bar]) -> tuple[int, int]:
    """Eighths taken and eighths in all."""
    listed = list(filled)
    return sum(bar.used for bar in listed), sum(bar.total for bar in listed)


def _slices(row: Counted, accelerator: Accelerator) -> list[Bar]:
    """One bar for every slice of this type; a type that is no slice is a whole device."""
    sizes = {profile: eighths for eighths, profile in accelerator.profiles.items()}
    size = sizes.get(row.type)
    if size is None:
        mig = _MIG.search(row.type)
        size = min(WHOLE, int(mig[1])) if mig else WHOLE
    used = min(row.used, row.total)
    return [Bar(size, size, whole=True)] * used + [Bar(size, 0)] * (row.total - used)


def _devices(shared: Sequence[Counted], per_device: int) -> int:
    return math.ceil(sum(row.total for row in shared) / per_device)


def _units(shared: Sequence[Counted], free: int, per_device: int) -> list[int]:
    """Units taken on each of the devices that are not taken whole."""
    told = [used for row in shared for used, _ in row.devices]
    if told:
        spread = sorted(told, reverse=True)
        return (spread + [0] * free)[:free]
    left = sum(row.used for row in shared)
    filled = []
    for _ in range(free):
        filled.append(min(left, per_device))
        left -= filled[-1]
    return filled


def _eighths(units: int, per_device: int) -> int:
    """A started eighth counts as taken."""
    return min(WHOLE, math.ceil(units * WHOLE / per_device))
