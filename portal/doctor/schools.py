"""Has every school an account in Slurm that the portal may use, its QOS, and its limits?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portal.config import Settings
from portal.doctor.finding import Finding, fault, ok, warn
from portal.language import N_
from portal.quotas import Difference, differences
from portal.scheduler import AccountStatus
from portal.store.tables import School


def look(
    settings: Settings, schools: Sequence[School], accounts: Sequence[AccountStatus]
) -> Iterator[Finding]:
    """A finding for each school that needs one, or one for all."""
    by_name = {account.name: account for account in accounts}
    drifted = {one.school.id: one for one in differences(settings, schools, accounts)}
    findings = [
        found
        for school in schools
        if (found := school_of(settings, school, by_name.get(school.slurm_account)))
        or (found := _drift(drifted.get(school.id)))
    ]
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


def school_of(settings: Settings, school: School, account: AccountStatus | None) -> Finding | None:
    """What is wrong with one school; None for nothing."""
    name, user = school.slurm_account, settings.slurm.user
    wanted = filter(None, (settings.slurm.qos, settings.slurm.homework_qos))
    qos = next((qos for qos in wanted if account and qos not in account.qos), None)
    if account is None:
        return fault(
            "schools",
            N_("{school}: Slurm has no account {name}.", school=school.name, name=name),
            N_("Run: sacctmgr add account {name}", name=name),
        )
    if not account.allowed:
        return fault(
            "schools",
            N_(
                "{school}: {user} may not use the account {name}.",
                school=school.name,
                user=user,
                name=name,
            ),
            N_("Run: sacctmgr add user {user} account={name}", user=user, name=name),
        )
    if qos is not None:
        return fault(
            "schools",
            N_(
                "{school}: the account {name} has no QOS {qos}.",
                school=school.name,
                name=name,
                qos=qos,
            ),
            N_("Run: sacctmgr modify account {name} set qos+={qos}", name=name, qos=qos),
        )
    if not any(limit.resource.startswith("gres/") for limit in account.limits):
        return warn(
            "schools",
            N_(
                "{school}: the account {name} has no limit of shares.",
                school=school.name,
                name=name,
            ),
            N_("Run: kesuan schools set {slug} --shares 64", slug=school.slug),
        )
    return None


def _drift(difference: Difference | None) -> Finding | None:
    """What Slurm has otherwise than the portal was told; None for nothing."""
    if difference is None:
        return None
    return warn(
        "schools",
        N_(
            "{school}: Slurm does not have what was set for it: {changes}.",
            school=difference.school.name,
            changes="; ".join(map(str, difference.changes)),
        ),
        N_("See: kesuan schools plan. Then, as an operator of Slurm: kesuan schools apply"),
    )
