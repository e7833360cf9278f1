"""The whole examination, in the order in which one thing rests on another."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import closing

from portal.config import Settings
from portal.doctor import (
    cards,
    catalogue,
    database,
    files,
    login,
    preemption,
    schools,
    site,
    tuning,
)
from portal.doctor.canary import Canary
from portal.doctor.finding import Finding, Verdict, skipped
from portal.doctor.reach import Reach
from portal.language import N_
from portal.people.schools import list_schools
from portal.scheduler import AccountStatus, Scheduler
from portal.store import EVERYONE, Store
from portal.store.tables import School


def examine(settings: Settings, scheduler: Scheduler) -> Iterator[Finding]:
    """Every finding about a site, as it is made; the canary comes last and takes longest."""
    yield from files.look(settings)
    yield from catalogue.look(settings)
    yield from cards.look()
    with closing(Store(settings.database)) as store:
        of_database = list(database.look(store))
        yield from of_database
        readable = all(finding.verdict is not Verdict.FAULT for finding in of_database)
        known = _schools(store) if readable else []
        if readable:
            yield from login.look(settings, store, known)
    reach = Reach(settings, scheduler)
    yield from reach.look()
    if reach.site is not None and reach.nodes is not None:
        yield from site.look(settings, reach.site, reach.nodes)
        yield from tuning.look(settings, reach.site)
    if reach.accounts is None:
        yield skipped("canary", N_("The canary job waits until Slurm answers."))
        return
    if readable:
        yield from schools.look(settings, known, reach.accounts, reach.qos, reach.nodes or ())
        if reach.site is not None:
            yield from preemption.look(settings, known, reach.site)
    yield from _canary(settings, scheduler, known, reach.accounts)


def _schools(store: Store) -> list[School]:
    with store.reading(EVERYONE) as session:
        return list_schools(session)


def _canary(
    settings: Settings,
    scheduler: Scheduler,
    known: list[School],
    accounts: list[AccountStatus],
) -> Iterator[Finding]:
    if settings.slurm.backend == "memory":
        yield skipped("canary", N_("A simulated Slurm runs no job."))
        return
    if pwd.getpwuid(os.geteuid()).pw_name != settings.slurm.user:
        user = settings.slurm.user
        yield skipped("canary", N_("The canary job is sent as {user} only.", user=user))
        return
    allowed = [account.name for account in accounts if account.allowed]
    of_schools = [school.slurm_account for school in known if school.slurm_account in allowed]
    for account in (of_schools or allowed)[:1]:
        yield from Canary(settings, scheduler, account).look()
    if not allowed:
        yield skipped("canary", N_("There is no account that the canary job could use."))
