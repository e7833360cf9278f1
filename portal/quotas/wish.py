"""A school as the account that it should be in Slurm. Pure."""

from __future__ import annotations

from portal.accelerators import Accelerator, limited
from portal.config import Slurm
from portal.scheduler import AccountStatus, AccountWish, Limit
from portal.store.tables import School

MINUTES = 60


def account_wish(
    school: School, slurm: Slurm, accelerator: Accelerator, now: AccountStatus | None
) -> AccountWish:
    """What the portal asks for; what it has no opinion of stays as it is.

    The service user may use the account, the account has the QOS of runs beside those that it has
    already, and its limits are those of the school. Share-hours are a limit on what is used up
    until Slurm begins to count anew (PriorityUsageResetPeriod).
    """
    limits: dict[Limit, int | None] = {}
    if school.shares is not None:
        resource, units = limited(accelerator, school.shares)
        limits[Limit("GrpTRES", resource)] = units
    if school.share_hours is not None:
        resource, units = limited(accelerator, school.share_hours * MINUTES)
        limits[Limit("GrpTRESMins", resource)] = units
    there = now.account_qos if now is not None else ()
    wanted = [qos for qos in (slurm.qos, slurm.homework_qos) if qos and qos not in there]
    return AccountWish(
        school.slurm_account, qos=(*there, *wanted) if wanted else None, limits=limits
    )
