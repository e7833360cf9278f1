"""The difference between what schools may use and what Slurm knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.accelerators import Accelerator
from portal.config import Settings, Slurm
from portal.quotas.own import own_qos, own_wish
from portal.quotas.wish import account_wish
from portal.scheduler import (
    AccountStatus,
    AccountWish,
    Change,
    Field,
    QosStatus,
    QosWish,
    Scheduler,
    changes,
    qos_changes,
)
from portal.store.tables import School


@dataclass(frozen=True)
class Difference:
    """A school whose account is not as it should be; a `Change` for each thing that is not.

    `keeps_out` says whether Slurm refuses runs of the school until this is done, and `own` is the
    QOS of its guaranteed part where that has to change, too.
    """

    school: School
    wish: AccountWish
    changes: tuple[Change, ...]
    keeps_out: bool
    own: QosWish | None = None

    def apply(self, scheduler: Scheduler) -> None:
        """Make it so in Slurm: the QOS before the account that names it."""
        if self.own is not None:
            scheduler.apply_qos(self.own)
        scheduler.apply_account(self.wish)


def differences(
    settings: Settings,
    schools: Iterable[School],
    accounts: Iterable[AccountStatus],
    qos: Iterable[QosStatus] | None = None,
) -> Iterator[Difference]:
    """Every school whose account has to change, in the order of the schools.

    With `qos`, all that Slurm has, those of the guaranteed parts are compared as well.
    """
    accelerator = Accelerator.from_settings(settings.accelerator)
    by_qos = {one.name: one for one in qos or ()}
    by_name = {account.name: account for account in accounts}
    for school in schools:
        now = by_name.get(school.slurm_account)
        wish = account_wish(school, settings.slurm, accelerator, now)
        found = changes(now, wish, settings.slurm.user)
        own = None if qos is None else own_wish(school, settings.slurm, accelerator)
        of_own = () if own is None else qos_changes(by_qos.get(own.name), own)
        if found or of_own:
            out = any(_keeps_out(change, school, settings.slurm) for change in found)
            yield Difference(school, wish, of_own + found, out, own if of_own else None)


def ask(
    scheduler: Scheduler, schools: Sequence[School]
) -> tuple[list[AccountStatus], list[QosStatus] | None]:
    """Slurm's accounts, and its QOS where a school has a guaranteed part."""
    wanted = any(school.guaranteed is not None for school in schools)
    return scheduler.accounts(), scheduler.qos() if wanted else None


def _keeps_out(change: Change, school: School, slurm: Slurm) -> bool:
    """Whether Slurm refuses a run for want of this change."""
    before, after = _names(change.before), _names(change.after)
    match change.what:
        case Field.ACCOUNT | Field.USER:
            return True
        case Field.PARTITIONS:  # none named stands for every one
            return bool(before) and not (after and after <= before)
        case Field.QOS:
            own = own_qos(school.slurm_account)
            # The agent asks for neither of these before it has seen the first in the account.
            unused = set() if own in before else {own, slurm.borrow_qos}
            return bool(after - before - unused)
    return False


def _names(listed: str) -> set[str]:
    return set(filter(None, listed.split(",")))
