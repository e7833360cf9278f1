"""What a site's way to log in cannot be: a password in the clear, a directory without a base."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from portal.config.faults import Fault
from portal.config.login import Ldap, LdapGroup, Login

ROLES = ("staff", "school_admin", "teacher", "seat")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+")
# RFC 4514, without quotes: names and values, and what is special in a value behind a backslash.
_RDN = r"\s*[A-Za-z0-9.-]+\s*=(\\[^\x00]|[^\\,+\"<>;\x00])+"
_DN = re.compile(rf"{_RDN}([,+]{_RDN})*")


def faults_of(login: Login, ldap: Ldap, groups: dict[str, LdapGroup]) -> list[Fault]:
    """Every fault of the three sections; those of the directory only where it is used."""
    faults = [
        Fault("login.local_roles", repr(role), " | ".join(ROLES))
        for role in login.local_roles
        if role not in ROLES
    ]
    if login.way == "ldap":
        faults += [*_servers(ldap), *_files(ldap), *_entries(ldap), *_groups(groups)]
    return faults


def is_this_machine(host: str) -> bool:
    """Whether what is said to a host leaves this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_dn(text: str) -> bool:
    return bool(_DN.fullmatch(text))


def _servers(ldap: Ldap) -> Iterator[Fault]:
    if not ldap.servers:
        yield Fault("ldap.servers", "nothing", "at least one ldaps://host:port or ldap://host:port")
    for found in ldap.servers:
        try:
            url = urlsplit(found)
            host, port = url.hostname, url.port
        except ValueError:
            host, port = None, None
        if not host or url.scheme not in ("ldap", "ldaps") or port == 0 or url.path.strip("/"):
            yield Fault("ldap.servers", repr(found), "ldaps://host:port or ldap://host:port")
        elif url.username or url.password:
            yield Fault("ldap.servers", "a URL with a login in it", "bind_dn, bind_password_file")
        elif url.scheme == "ldap" and not (
            ldap.start_tls or ldap.allow_plain or is_this_machine(host)
        ):
            allowed = "ldaps://, start_tls = true, or allow_plain = true"
            yield Fault("ldap.servers", f"{found!r} without TLS", allowed)


def _files(ldap: Ldap) -> Iterator[Fault]:
    named: dict[str, Path | None] = {
        "ca_file": ldap.ca_file,
        "bind_password_file": ldap.bind_password_file,
    }
    for key, path in named.items():
        if path is None:
            continue
        try:
            if not path.read_bytes().strip():
                yield Fault(f"ldap.{key}", f"{path}, which is empty", "a file with something in it")
        except OSError as cause:
            yield Fault(f"ldap.{key}", f"{path} ({cause.strerror})", "a readable file")
    if ldap.bind_dn and ldap.bind_password_file is None:
        yield Fault("ldap.bind_password_file", "nothing", "needed for bind_dn")


def _entries(ldap: Ldap) -> Iterator[Fault]:
    for key in ("login_attribute", "name_attribute", "subject_attribute", "member_attribute"):
        found = getattr(ldap, key)
        if not _ATTRIBUTE.fullmatch(found):
            yield Fault(f"ldap.{key}", repr(found), "the name of an attribute")
    for key in ("base", "group_base", "bind_dn"):
        found = getattr(ldap, key)
        if found is not None and not _is_dn(found):
            yield Fault(f"ldap.{key}", repr(found), 'a DN, as "ou=people,dc=example,dc=org"')
    if not (ldap.filter.startswith("(") and ldap.filter.endswith(")")):
        yield Fault("ldap.filter", repr(ldap.filter), "a filter in brackets")
    if ldap.mode == "search" and ldap.base is None:
        yield Fault("ldap.base", "nothing", "needed for mode = 'search'")
    if ldap.mode == "direct":
        template = ldap.dn_template or ""
        if template.count("{login}") != 1 or not _is_dn(template):
            found = repr(template) if template else "nothing"
            yield Fault("ldap.dn_template", found, "a DN with {login} in it once")
        if ldap.base is None and ldap.group_base is None:
            yield Fault("ldap.group_base", "nothing", "needed for mode = 'direct' without base")


def _groups(groups: dict[str, LdapGroup]) -> Iterator[Fault]:
    if not groups:
        yield Fault("ldap_groups", "nothing", "at least one group that has a role")
    elif not any(group.role for group in groups.values()):
        yield Fault("ldap_groups", "no group with a role", "at least one group that has a role")
    for name, group in groups.items():
        key = f"ldap_groups.{name}"
        if not _is_dn(group.dn):
            yield Fault(f"{key}.dn", repr(group.dn), 'a DN, as "cn=t,ou=groups,dc=example,dc=org"')
        if group.role is None and group.school is None:
            yield Fault(key, "neither role nor school", "one of them, or both")
        if group.role == "staff" and group.school is not None:
            yield Fault(f"{key}.school", repr(group.school), "nothing: staff are of no school")
