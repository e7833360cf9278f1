"""The difference between what schools may use and what Slurm knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.accelerators import Accelerator
from portal.config import Settings
from portal.quotas.wish import account_wish
from portal.scheduler import AccountStatus, AccountWish, Change, changes
from portal.store.tables import School


@dataclass(frozen=True)
class Difference:
    """A school whose account is not as it should be; a `Change` for each thing that is not."""

    school: School
    wish: AccountWish
    changes: tuple[Change, ...]


def differences(
    settings: Settings, schools: Iterable[School], accounts: Iterable[AccountStatus]
) -> Iterator[Difference]:
    """Every school whose account has to change, in the order of the schools."""
    accelerator = Accelerator.from_settings(settings.accelerator)
    by_name = {account.name: account for account in accounts}
    for school in schools:
        now = by_name.get(school.slurm_account)
        wish = account_wish(school, settings.slurm, accelerator, now)
        if found := changes(now, wish, settings.slurm.user):
            yield Difference(school, wish, found)
