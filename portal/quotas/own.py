"""The QOS of a school's guaranteed part. Pure.

Slurm's limits on a QOS hold for all its jobs together, so each school that has a guaranteed part
has a QOS of its own: what it runs there is never more than that part, goes before everything else,
and takes its place from runs that are borrowed (`slurm.borrow_qos`) and from homework.
https://slurm.schedmd.com/qos.html
"""

from __future__ import annotations

from portal.accelerators import Accelerator, limited
from portal.config import Slurm
from portal.scheduler import Limit, QosWish
from portal.store.tables import School

SUFFIX = "-own"
# Twice that of `lesson` in slurm_conf/site/make-qos: an owner's run is placed first.
PRIORITY = 200


def own_qos(account: str) -> str:
    """The name of the QOS of an account's guaranteed part."""
    return account + SUFFIX


def own_wish(school: School, slurm: Slurm, accelerator: Accelerator) -> QosWish | None:
    """That QOS as it should be; None for a school without a guaranteed part.

    Nor is there one where the settings do not say under which QOS runs are borrowed.
    """
    if school.guaranteed is None or slurm.borrow_qos is None:
        return None
    resource, units = limited(accelerator, school.guaranteed)
    makes_way = {slurm.borrow_qos, slurm.homework_qos} - {None, slurm.qos}
    return QosWish(
        own_qos(school.slurm_account),
        PRIORITY,
        tuple(sorted(filter(None, makes_way))),
        {Limit("GrpTRES", resource): units},
    )
