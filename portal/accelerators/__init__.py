"""A share becomes GRES: shard, MPS, MIG, whole GPU, DCU, NPU; plain data per device family."""

from portal.accelerators.families import FAMILIES, WHOLE, Family
from portal.accelerators.offers import SHARES, Accelerator, ShareOffer
from portal.accelerators.usage import Bar, Counted, bars, in_use

__all__ = [
    "FAMILIES",
    "SHARES",
    "WHOLE",
    "Accelerator",
    "Bar",
    "Counted",
    "Family",
    "ShareOffer",
    "bars",
    "in_use",
]
