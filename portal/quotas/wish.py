"""A school as the account that it should be in Slurm. Pure."""

from __future__ import annotations

from portal.accelerators import Accelerator, limited
from portal.config import Slurm
from portal.quotas.own import own_qos
from portal.scheduler import AccountStatus, AccountWish, Limit
from portal.store.tables import School

MINUTES = 60


def account_wish(
    school: School, slurm: Slurm, accelerator: Accelerator, now: AccountStatus | None
) -> AccountWish:
    """What the portal asks for; what it has no opinion of stays as it is.

    The service user may use the account, in the school's partitions; the account has the QOS of
    runs beside those that it has already, that of a guaranteed part only while there is one; and
    its limits are those of the school. Share-hours are a limit on what is used up until Slurm
    begins to count anew (PriorityUsageResetPeriod).
    """
    limits: dict[Limit, int | None] = {}
    if school.shares is not None:
        resource, units = limited(accelerator, school.shares)
        limits[Limit("GrpTRES", resource)] = units
    if school.share_hours is not None:
        resource, units = limited(accelerator, school.share_hours * MINUTES)
        limits[Limit("GrpTRESMins", resource)] = units
    there = now.account_qos if now is not None else ()
    own = own_qos(school.slurm_account)
    needed = [slurm.qos, slurm.homework_qos]
    if school.guaranteed is not None and slurm.borrow_qos is not None:
        needed += [slurm.borrow_qos, own]
    kept = [qos for qos in there if qos != own or own in needed]
    wanted = [*kept, *(qos for qos in needed if qos and qos not in kept)]
    return AccountWish(
        school.slurm_account,
        qos=tuple(wanted) if wanted and wanted != list(there) else None,
        limits=limits,
        partitions=_partitions(school, slurm, now),
    )


def _partitions(school: School, slurm: Slurm, now: AccountStatus | None) -> tuple[str, ...] | None:
    """The school's; where it has none of its own, only that of the settings must be open to it."""
    if school.partitions:
        return tuple(school.partitions)
    shut = now is not None and now.partitions and slurm.partition not in now.partitions
    return () if shut else None
