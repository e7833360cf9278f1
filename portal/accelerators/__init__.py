"""A share becomes GRES: shard, MPS, MIG, whole GPU, DCU, NPU; plain data per device family."""

from portal.accelerators.families import FAMILIES, WHOLE, Family, Sharing
from portal.accelerators.limits import limited
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
    "Sharing",
    "bars",
    "in_use",
    "limited",
]
