"""A school's shares in the unit in which Slurm limits them. Pure."""

from __future__ import annotations

from portal.accelerators.families import WHOLE, Sharing
from portal.accelerators.offers import Accelerator


def limited(accelerator: Accelerator, eighths: int) -> tuple[str, int]:
    """The TRES that limits what a school uses at once, and how much of it so many eighths are.

    Slurm counts slices of whatever size as one `gres/gpu` each, so where there are several sizes
    a school may have as many slices as there would be of the smallest.
    """
    family = accelerator.family
    if family.sharing is Sharing.NONE:
        return "cpu", accelerator.cores_per_eighth * eighths
    if family.sharing is Sharing.UNITS:
        return f"gres/{family.resource}", accelerator.units_per_device * eighths // WHOLE
    smallest = accelerator.offered()[0].eighths or WHOLE
    return f"gres/{family.resource}", eighths // smallest
