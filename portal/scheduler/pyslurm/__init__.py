"""The backend over pyslurm, in a process of its own.

pyslurm (https://github.com/PySlurm/pyslurm, GPL-2.0) is optional and never imported by the portal
itself: only `worker`, a process that the portal starts and may lose at any moment, does that.
"""

from portal.scheduler.pyslurm.backend import PyslurmScheduler
from portal.scheduler.pyslurm.fit import Fit, fitting
from portal.scheduler.pyslurm.keeper import Keeper

__all__ = ["Fit", "Keeper", "PyslurmScheduler", "fitting"]
