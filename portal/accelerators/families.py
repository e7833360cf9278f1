"""How GPUs and their like can be shared, as data: one row for each family of devices.

- `shard`: Slurm's own sharing by agreement, https://slurm.schedmd.com/gres.html#Sharding. Nothing
  fences a job, so the runtime caps its memory.
- `mps`: NVIDIA's Multi-Process Service, https://slurm.schedmd.com/gres.html#MPS_Management; fences
  threads, not memory.
- `mig`: NVIDIA's Multi-Instance GPU: a slice is a GPU of its own type, and fenced.
- `gpu`: whole GPUs of any maker that Slurm calls "gpu".
- `dcu`: Hygon's DCU, whole, or its virtual slices by profile.
- `npu`: Huawei's Ascend, whole, or its vNPU slices by profile ("vir02").
- `cpu`: a site without accelerators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

WHOLE = 8
"""Eighths in one device."""


class Sharing(StrEnum):
    """How a family is cut."""

    UNITS = "units"  # so many units of one device
    PROFILES = "profiles"  # slices of fixed sizes, and the whole device where no profile says so
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of device.

    `resource` is its name in GRES, `variable` how a job finds its device, and `fenced` says
    whether a job sees its slice as if it were the whole of the device.
    """

    name: str
    resource: str
    sharing: Sharing
    variable: str
    fenced: bool = False


_ROWS = (
    Family("shard", "shard", Sharing.UNITS, "CUDA_VISIBLE_DEVICES"),
    Family("mps", "mps", Sharing.UNITS, "CUDA_VISIBLE_DEVICES"),
    Family("mig", "gpu", Sharing.PROFILES, "CUDA_VISIBLE_DEVICES", fenced=True),
    Family("gpu", "gpu", Sharing.PROFILES, "CUDA_VISIBLE_DEVICES", fenced=True),
    Family("dcu", "dcu", Sharing.PROFILES, "HIP_VISIBLE_DEVICES", fenced=True),
    Family("npu", "npu", Sharing.PROFILES, "ASCEND_RT_VISIBLE_DEVICES", fenced=True),
    Family("cpu", "", Sharing.NONE, ""),
)

FAMILIES: Mapping[str, Family] = MappingProxyType({row.name: row for row in _ROWS})
