"""Can people log in by the centre's directory, and staff without it?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ldap3 import BASE
from ldap3.core.results import RESULT_NO_SUCH_OBJECT
from sqlalchemy import select

from portal.config import Ldap, Settings
from portal.doctor.finding import Finding, fault, ok, skipped, warn
from portal.language import N_, Message
from portal.people.login.ldap.way import bind_as_service
from portal.people.login.ldap.wire import Allowance, ServerFailed, Wire, connected, succeeded
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.tables import School, User

DAY_S = 86_400
SOON_DAYS = 14
STEPS = {
    "connecting": N_("connecting"),
    "StartTLS": N_("starting TLS"),
    "binding": N_("binding"),
    "searching": N_("searching"),
}


def look(settings: Settings, store: Store, schools: Sequence[School]) -> Iterator[Finding]:
    """Findings about every server, about the table of groups, and about the way in without both."""
    if settings.login.way != "ldap":
        return
    for url in settings.ldap.servers:
        yield from server(settings, url)
    yield table(settings, schools)
    yield break_glass(settings, store)


def server(settings: Settings, url: str) -> Iterator[Finding]:
    """Does one server answer, prove who it is, let the portal search, and know what we name?"""
    ldap = settings.ldap
    allowance = Allowance.lasting(ldap.login_s)
    try:
        with connected(ldap, url, allowance) as wire:
            yield _certificate(url, wire)
            yield from _bind(ldap, url, wire)
            if ldap.mode == "direct" and ldap.bind_dn is None:
                found = N_("{server}: only a person can look further, who binds.", server=url)
                yield skipped("ldap-base", found)
                return
            yield from _bases(ldap, url, wire)
            yield _groups(settings, url, wire)
    except ServerFailed as failed:
        code = "ldap-bind" if failed.step == "binding" else "ldap"
        found = N_("{server}, {step}: {why}", server=url, step=STEPS[failed.step], why=failed.why)
        yield fault(code, found, _advice(failed))


def table(settings: Settings, schools: Sequence[School]) -> Finding:
    """Is every school that the table of groups names set up here?"""
    known = {school.slug for school in schools}
    named = {row.school for row in settings.ldap_groups.values() if row.school is not None}
    missing = sorted(named - known)
    if not missing:
        return ok("ldap-schools", N_("The groups' schools are set up ({count}).", count=len(named)))
    return fault(
        "ldap-schools",
        N_("ldap_groups names schools that are not set up: {names}.", names=", ".join(missing)),
        N_("Run: kesuan schools add {name} NAME --account ACCOUNT", name=missing[0]),
    )


def break_glass(settings: Settings, store: Store) -> Finding:
    """Does staff get in while the directory is away?"""
    wanted = (User.role == Role.STAFF, User.active, User.password_hash.is_not(None))
    with store.reading(EVERYONE) as session:
        logins = list(session.scalars(select(User.login).where(*wanted).order_by(User.login)))
    if logins and Role.STAFF in settings.login.local_roles:
        names = ", ".join(logins[:5])
        return ok("break-glass", N_("Without the directory, staff get in as {names}.", names=names))
    return warn(
        "break-glass",
        N_("While the directory is away, nobody of the centre's staff gets in."),
        N_("Keep staff in login.local_roles, and run: kesuan people add LOGIN NAME --role staff"),
    )


def _certificate(url: str, wire: Wire) -> Finding:
    ends_at = wire.certificate_ends_at()
    if ends_at is None:
        return warn(
            "ldap",
            N_("{server} answers, and passwords go there without TLS.", server=url),
            N_("Use ldaps://, or set ldap.start_tls = true."),
        )
    days = int((ends_at - time.time()) / DAY_S)
    found = N_("{server} answers; its certificate is good for {days} days.", server=url, days=days)
    if days < SOON_DAYS:
        return warn("ldap", found, N_("Give the server a new certificate before that."))
    return ok("ldap", found)


def _bind(ldap: Ldap, url: str, wire: Wire) -> Iterator[Finding]:
    if ldap.bind_dn is None:
        return
    bind_as_service(ldap, wire)
    yield ok("ldap-bind", N_("{server}: {dn} can bind.", server=url, dn=ldap.bind_dn))


def _bases(ldap: Ldap, url: str, wire: Wire) -> Iterator[Finding]:
    bases = {"ldap.base": ldap.base, "ldap.group_base": ldap.group_base}
    for key, base in bases.items():
        if base is None:
            continue
        if _is_there(wire, base):
            yield ok("ldap-base", N_("{server}: {dn} is there.", server=url, dn=base))
        else:
            yield fault(
                "ldap-base",
                N_("{server}: {dn} is not there, or may not be read.", server=url, dn=base),
                N_("Set {key} to what the directory has; let bind_dn read below it.", key=key),
            )


def _groups(settings: Settings, url: str, wire: Wire) -> Finding:
    rows = settings.ldap_groups
    missing = [name for name, row in rows.items() if not _is_there(wire, row.dn)]
    if not missing:
        count = len(rows)
        return ok("ldap-groups", N_("{server}: all {count} groups exist.", server=url, count=count))
    return fault(
        "ldap-groups",
        N_(
            "{server}: the directory has no group for {names}.",
            server=url,
            names=", ".join(f"ldap_groups.{name}" for name in missing),
        ),
        N_("Correct the group's dn, or let {who} read it.", who=settings.ldap.bind_dn or "*"),
    )


def _is_there(wire: Wire, dn: str) -> bool:
    code, entries = wire.search(dn, "(objectClass=*)", BASE, ["1.1"], most=1)
    if not (succeeded(code) or code == RESULT_NO_SUCH_OBJECT):
        raise ServerFailed(wire.url, "searching", f"result {code} for {dn}")
    return len(entries) == 1


def _advice(failed: ServerFailed) -> Message:
    if "certificate" in failed.why.lower():
        return N_("Set ldap.ca_file to who signed its certificate, and name the server as it does.")
    if failed.step == "binding":
        return N_("Look at ldap.bind_dn and at the password in ldap.bind_password_file.")
    if failed.step == "searching":
        return N_("Let ldap.bind_dn search there; the server's own log says more.")
    return N_("Look whether the server runs and a firewall lets this machine through to it.")
