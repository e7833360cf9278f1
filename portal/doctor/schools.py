"""Is every school's account in Slurm what the portal was told, so that its runs are let in?

What differs is found where `kesuan schools plan` finds it (`portal.quotas`); here it gets its
weight and its advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from portal.accelerators import Accelerator
from portal.config import Settings
from portal.doctor.finding import Finding, fault, ok, warn
from portal.language import N_
from portal.quotas import Difference, differences, too_much
from portal.scheduler import AccountStatus, NodeStatus, QosStatus
from portal.store.tables import School

APPLY = N_("See: kesuan schools plan. Then, as an operator of Slurm: kesuan schools apply")


def look(
    settings: Settings,
    schools: Sequence[School],
    accounts: Sequence[AccountStatus],
    qos: Sequence[QosStatus] | None = None,
    nodes: Iterable[NodeStatus] = (),
) -> Iterator[Finding]:
    """A finding for each school that needs one, or one for all."""
    by_name = {account.name: account for account in accounts}
    differing = {one.school.id: one for one in differences(settings, schools, accounts, qos)}
    findings = [
        found
        for school in schools
        if (found := _of(settings, school, by_name, differing.get(school.id)))
    ]
    findings += _of_all(settings, schools, nodes)
    yield from findings
    if not schools:
        yield warn(
            "schools",
            N_("There is no school yet."),
            N_("Run: kesuan schools add SLUG NAME --account ACCOUNT"),
        )
    elif not findings:
        count = len(schools)
        yield ok("schools", N_("Every school has an account and a limit ({count}).", count=count))


def _of(
    settings: Settings,
    school: School,
    accounts: dict[str, AccountStatus],
    difference: Difference | None,
) -> Finding | None:
    """What is wrong with one school; None for nothing."""
    told = "; ".join(map(str, difference.changes)) if difference else ""
    if difference and difference.keeps_out:
        words = N_("{school}: Slurm takes none of its runs: {changes}.", **_about(school, told))
        return fault("schools", words, APPLY)
    account = accounts[school.slurm_account]  # without one it would be kept out
    if missing := [qos for qos in account.account_qos if qos not in account.qos]:
        return _user_without(settings, school, missing[0])
    if difference:
        words = N_(
            "{school}: Slurm does not have what was set for it: {changes}.", **_about(school, told)
        )
        return warn("schools", words, APPLY)
    if not any(limit.kind == "GrpTRES" for limit in account.limits):
        return warn(
            "schools",
            N_(
                "{school}: the account {name} has no limit of shares.",
                school=school.name,
                name=account.name,
            ),
            N_("Run: kesuan schools set {slug} --shares 64", slug=school.slug),
        )
    return None


def _about(school: School, changes: str) -> dict[str, str]:
    return {"school": school.name, "changes": changes}


def _user_without(settings: Settings, school: School, qos: str) -> Finding:
    """The service user has a list of QOS of its own in the account, which is the shorter one."""
    user, name = settings.slurm.user, school.slurm_account
    return fault(
        "schools",
        N_(
            "{school}: {user} may not use the QOS {qos} of the account {name}.",
            school=school.name,
            user=user,
            qos=qos,
            name=name,
        ),
        N_(
            "Run: sacctmgr modify user {user} where account={name} set qos+={qos}",
            user=user,
            name=name,
            qos=qos,
        ),
    )


def _of_all(
    settings: Settings, schools: Sequence[School], nodes: Iterable[NodeStatus]
) -> Iterator[Finding]:
    """What is wrong with the guaranteed parts together."""
    if all(school.guaranteed is None for school in schools):
        return
    if settings.slurm.borrow_qos is None:
        yield warn(
            "schools",
            N_("Schools have guaranteed parts, and nothing makes way for them."),
            N_("Set slurm.borrow_qos, as docs/schools.md says."),
        )
    if words := too_much(schools, nodes, Accelerator.from_settings(settings.accelerator)):
        yield warn("schools", words, N_("Guarantee less: kesuan schools set SLUG --guaranteed N"))
