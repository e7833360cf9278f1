"""A person's entry: found by the login, exactly one or none."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from ldap3 import BASE, SUBTREE
from ldap3.core.results import RESULT_NO_SUCH_OBJECT, RESULT_SIZE_LIMIT_EXCEEDED
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from portal.config import Ldap
from portal.people.login.ldap.names import is_below, is_same
from portal.people.login.ldap.wire import ServerFailed, Wire, succeeded

LONGEST_SUBJECT = 255


@dataclass(frozen=True)
class Person:
    """What the portal wants to know of an entry; `subject` is empty where it lacks one."""

    dn: str
    subject: str
    login: str
    name: str


def by_search(settings: Ldap, wire: Wire, login: str) -> Person | None:
    """The one person with this login below the base; None for none, and for more than one."""
    base = settings.base or ""
    wanted = f"({settings.login_attribute}={escape_filter_chars(login)})"
    query = f"(&{settings.filter}{wanted})"
    code, entries = wire.search(base, query, SUBTREE, _attributes(settings), most=2)
    if not (succeeded(code) or code == RESULT_SIZE_LIMIT_EXCEEDED):
        raise ServerFailed(wire.url, "searching", f"result {code} for base {base}")
    if len(entries) != 1 or not succeeded(code):
        return None
    if not is_below(entries[0]["dn"], base):
        raise ServerFailed(wire.url, "searching", "an entry that is not below the base")
    return _person(settings, entries[0], login)


def by_name(settings: Ldap, wire: Wire, login: str) -> Person | None:
    """The person whose DN the template makes, as the entry's owner may read it."""
    dn = own_dn(settings, login)
    attributes = _attributes(settings)
    code, entries = wire.search(dn, settings.filter, BASE, attributes, most=1)
    if not (succeeded(code) or code == RESULT_NO_SUCH_OBJECT):
        raise ServerFailed(wire.url, "searching", f"result {code} for the person's own entry")
    if len(entries) != 1 or not is_same(entries[0]["dn"], dn):
        return None
    return _person(settings, entries[0], login)


def own_dn(settings: Ldap, login: str) -> str:
    """The DN that the template makes of a login."""
    return (settings.dn_template or "").replace("{login}", escape_rdn(login))


def _attributes(settings: Ldap) -> list[str]:
    wanted = [settings.login_attribute, settings.name_attribute]
    if settings.subject_attribute != "dn":
        wanted.append(settings.subject_attribute)
    return wanted


def _person(settings: Ldap, entry: dict[str, Any], login: str) -> Person | None:
    # A server's rules of matching are wider than ours: to some, look-alikes are equal.
    logins = _texts(entry, settings.login_attribute)
    if login not in {found.strip().lower() for found in logins}:
        return None
    names = _texts(entry, settings.name_attribute)
    return Person(entry["dn"], _subject(settings, entry), login, names[0] if names else login)


def _subject(settings: Ldap, entry: dict[str, Any]) -> str:
    """What never changes of the person; empty where the entry does not have it, once and short."""
    attribute = settings.subject_attribute
    found = [entry["dn"].lower().encode()] if attribute == "dn" else _raw(entry, attribute)
    if len(found) != 1 or len(found[0]) > LONGEST_SUBJECT:
        return ""
    if attribute.lower() == "objectguid":
        # Sixteen bytes, the first half little-endian: [MS-DTYP], section 2.3.4.2.
        return str(uuid.UUID(bytes_le=found[0])) if len(found[0]) == 16 else ""
    return found[0].decode("utf-8", "replace")


def _texts(entry: dict[str, Any], attribute: str) -> list[str]:
    return [value.decode("utf-8", "replace") for value in _raw(entry, attribute)]


def _raw(entry: dict[str, Any], attribute: str) -> list[bytes]:
    # Servers answer with the schema's own spelling of an attribute, whatever was asked for.
    for name, values in entry["raw_attributes"].items():
        if name.lower() == attribute.lower():
            return [bytes(value) for value in values]
    return []
