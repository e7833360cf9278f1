"""Faults that show only when a value is looked at with the world or with another setting."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from urllib.parse import urlsplit

from portal.config import login_faults
from portal.config.faults import Fault
from portal.config.printed import without_password
from portal.config.settings import Settings, Slurm


def faults_of(settings: Settings) -> list[Fault]:
    """What `settings`, whose every value is good alone, cannot be used for."""
    faults = []
    needs = {"venv": "path", "modules": "modules", "apptainer": "image"}
    for name, environment in settings.environments.items():
        wanted = needs.get(environment.kind)
        if wanted and not getattr(environment, wanted):
            key = f"environments.{name}.{wanted}"
            faults.append(Fault(key, "nothing", f"needed for kind = {environment.kind!r}"))
    secret = settings.portal.secret_key_file
    try:
        if len(secret.read_bytes().strip()) < 32:
            faults.append(Fault("portal.secret_key_file", "a short key", "at least 32 bytes"))
    except OSError as cause:
        found = f"{secret} ({cause.strerror})"
        faults.append(Fault("portal.secret_key_file", found, "a readable file"))
    for found in settings.web.operations_from:
        try:
            ip_network(found)
        except ValueError:
            allowed = 'an address or a network, as "10.1.0.0/16"'
            faults.append(Fault("web.operations_from", repr(found), allowed))
    if settings.tokens.days > settings.tokens.most_days:
        faults.append(Fault("tokens.days", repr(settings.tokens.days), "at most tokens.most_days"))
    if not settings.data.term_ends or not all(map(_is_a_day, settings.data.term_ends)):
        allowed = 'days of every year, as ["01-31", "07-15"]'
        faults.append(Fault("data.term_ends", repr(settings.data.term_ends), allowed))
    faults += _rest(settings.slurm)
    faults += login_faults.faults_of(settings.login, settings.ldap, settings.ldap_groups)
    if settings.database.url.split(":")[0] not in ("sqlite", "postgresql+psycopg"):
        found = repr(without_password(settings.database.url))
        faults.append(Fault("database.url", found, "sqlite:///… or postgresql+psycopg://…"))
    return faults


def _is_a_day(month_day: str) -> bool:
    try:
        date.fromisoformat(f"2027-{month_day}")  # no leap year: 02-29 is not in every one
    except ValueError:
        return False
    return True


def _rest(slurm: Slurm) -> list[Fault]:
    """A token is worth a password: it goes to this machine, or by TLS.

    It outlives every request that it goes with, so that one that is not taken never was.
    """
    if slurm.backend != "rest":
        return []
    if slurm.rest_token_s < 4 * slurm.command_timeout_s:
        allowed = "at least four times slurm.command_timeout_s"
        return [Fault("slurm.rest_token_s", repr(slurm.rest_token_s), allowed)]
    allowed = "https://host:port, unix:/path, or http:// on this machine"
    if slurm.rest_url is None:
        return [Fault("slurm.rest_url", "nothing", allowed)]
    scheme, _, rest = slurm.rest_url.partition(":")
    try:
        host = urlsplit(slurm.rest_url).hostname
    except ValueError:
        host = None
    here = host in ("localhost", "127.0.0.1", "::1")
    if scheme == "unix" and rest.startswith("/"):
        return []
    if host and (scheme == "https" or (scheme == "http" and here)):
        return []
    return [Fault("slurm.rest_url", repr(slurm.rest_url), allowed)]
