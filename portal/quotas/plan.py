"""The difference between what schools may use and what Slurm knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.accelerators import Accelerator
from portal.config import Settings
from portal.quotas.own import own_wish
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

# Without these Slurm takes no run of the school's.
_NEEDED = frozenset({Field.ACCOUNT, Field.USER, Field.PARTITIONS})


@dataclass(frozen=True)
class Difference:
    """A school whose account is not as it should be; a `Change` for each thing that is not.

    `own` is the QOS of its guaranteed part where that has to change, too.
    """

    school: School
    wish: AccountWish
    changes: tuple[Change, ...]
    own: QosWish | None = None

    @property
    def keeps_out(self) -> bool:
        """Whether Slurm refuses runs of the school until this is done."""
        return any(
            change.what in _NEEDED
            or (change.what is Field.QOS and not _names(change.after) <= _names(change.before))
            for change in self.changes
        )

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
            yield Difference(school, wish, of_own + found, own if of_own else None)


def ask(
    scheduler: Scheduler, schools: Sequence[School]
) -> tuple[list[AccountStatus], list[QosStatus] | None]:
    """Slurm's accounts, and its QOS where a school has a guaranteed part."""
    wanted = any(school.guaranteed is not None for school in schools)
    return scheduler.accounts(), scheduler.qos() if wanted else None


def _names(listed: str) -> set[str]:
    return set(filter(None, listed.split(",")))
