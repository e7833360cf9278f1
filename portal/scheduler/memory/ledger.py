"""The simulation's accounts and QOS: who may submit, and how much. Parents have no effect, and
nobody makes way for anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from portal.scheduler.accounts import AccountStatus, Change, Field, Limit
from portal.scheduler.errors import ChangeRefused
from portal.scheduler.memory.bookings import USER
from portal.scheduler.qos import QosStatus, QosWish

QOS = ("class", "homework", "normal")
SHARES = Limit("GrpTRES", "gres/shard")


@dataclass(slots=True)
class Ledger:
    """Accounts by name. `everybody`: those that are not in it are open too."""

    everybody: bool = True
    accounts: dict[str, AccountStatus] = field(default_factory=dict)
    qos: dict[str, QosStatus] = field(
        default_factory=lambda: {name: QosStatus(name) for name in QOS}
    )

    @classmethod
    def of(cls, shares: Mapping[str, int | None] | None) -> Ledger:
        """Accounts with a limit of shares each (None: no limit); without any, all are open."""
        ledger = cls(everybody=shares is None)
        for name, limit in (shares or {}).items():
            ledger.accounts[name] = AccountStatus(
                name,
                "root",
                allowed=True,
                qos=("normal",),
                limits={} if limit is None else {SHARES: limit},
                account_qos=("normal",),
                users=(USER,),
            )
        return ledger

    def admits(self, name: str, partition: str | None) -> bool:
        """The service user may submit under this account into this partition."""
        account = self.accounts.get(name)
        if account is None:
            return self.everybody
        into = (partition or "").split(",")
        return account.allowed and (not account.partitions or set(into) <= set(account.partitions))

    def opens(self, name: str, qos: str) -> bool:
        """The service user may have work under this QOS in this account."""
        account = self.accounts.get(name)
        return self.everybody if account is None else qos in account.qos

    def limit(self, name: str, limit: Limit) -> int | None:
        """The number behind a limit; None for none."""
        account = self.accounts.get(name)
        return None if account is None else account.limits.get(limit)

    def limit_of_qos(self, name: str | None) -> int | None:
        """How many shares a QOS has at once for all its jobs; None for no limit."""
        qos = self.qos.get(name or "")
        return None if qos is None else qos.limits.get(SHARES)

    def keep(self, wish: QosWish) -> None:
        """Make or change a QOS."""
        if not set(wish.preempts) <= self.qos.keys():
            raise ChangeRefused(f"You gave a bad qos. Valid QOS's are {','.join(self.qos)}")
        before = self.qos.get(wish.name) or QosStatus(wish.name)
        limits = {**before.limits, **wish.limits}
        self.qos[wish.name] = QosStatus(wish.name, wish.priority, wish.preempts, limits)

    def change(self, name: str, changes: Iterable[Change]) -> None:
        """Do what was found to differ; all of it or nothing."""
        account = self.accounts.get(name) or AccountStatus(
            name, "root", allowed=False, description=name, account_qos=("normal",)
        )
        limits = dict(account.limits)
        for change in changes:
            if isinstance(change.what, Limit):
                limits.pop(change.what, None)
                if change.after:
                    limits[change.what] = int(change.after)
            elif isinstance(change.what, Field):
                account = self._changed(account, change.what, change.after)
        qos = account.account_qos if account.allowed else ()
        self.accounts[name] = replace(account, limits=limits, qos=qos)

    def _changed(self, account: AccountStatus, what: Field, after: str) -> AccountStatus:
        match what:
            case Field.PARENT:
                if after != "root" and after not in self.accounts:
                    raise ChangeRefused(f"Parent account '{after}' doesn't exist")
                return replace(account, parent=after)
            case Field.QOS:
                qos = tuple(after.split(","))
                if not set(qos) <= self.qos.keys():
                    raise ChangeRefused(f"You gave a bad qos. Valid QOS's are {','.join(self.qos)}")
                return replace(account, account_qos=qos)
            case Field.DESCRIPTION:
                return replace(account, description=after.lower())
            case Field.ORGANIZATION:
                return replace(account, organization=after.lower())
            case Field.USER:
                return replace(account, allowed=bool(after), users=(after,) if after else ())
            case Field.PARTITIONS:
                return replace(account, partitions=tuple(filter(None, after.split(","))))
            case Field.ACCOUNT:
                return account
