"""Which groups somebody is in, and what the settings make of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ldap3 import SUBTREE
from ldap3.core.results import RESULT_SIZE_LIMIT_EXCEEDED
from ldap3.utils.conv import escape_filter_chars

from portal.config import Ldap, LdapGroup
from portal.language import N_
from portal.people.login.ldap.names import Canonical, canonical
from portal.people.login.ldap.person import Person
from portal.people.login.ldap.wire import ServerFailed, Wire, succeeded
from portal.people.login.refusals import NoPlaceHere
from portal.people.login.way import NoPlace, Place
from portal.people.viewer import Role

DEEPEST = 8
MOST_GROUPS = 500
AT_ONCE = 50
# https://learn.microsoft.com/en-us/windows/win32/adsi/search-filter-syntax
IN_CHAIN = "1.2.840.113556.1.4.1941"
NO_ATTRIBUTES = "1.1"  # RFC 4511, section 4.5.1.8
# Whoever has several roles has the first of these.
RANK = (Role.STAFF, Role.SCHOOL_ADMIN, Role.TEACHER)


def groups_of(settings: Ldap, wire: Wire, person: Person) -> set[Canonical]:
    """The groups that a person is in, groups of groups included where the settings say so.

    Bounded in depth and in number, so that groups which contain each other come to an end. Raises
    `NoPlaceHere` for somebody in more groups than that.
    """
    first = person.login if settings.member_value == "login" else person.dn
    found: dict[Canonical, str] = {}
    frontier = [first]
    for _ in range(DEEPEST if settings.nested == "search" else 1):
        fresh: dict[Canonical, str] = {}
        for start in range(0, len(frontier), AT_ONCE):
            fresh |= _holding(settings, wire, frontier[start : start + AT_ONCE])
        new = {key: dn for key, dn in fresh.items() if key not in found}
        found |= new
        if len(found) > MOST_GROUPS:
            raise _too_many()
        frontier = list(new.values())
        if not frontier:
            break
    return set(found)


def place_of(groups: Collection[Canonical], table: Mapping[str, LdapGroup]) -> Place | NoPlace:
    """What the members of these groups are in the portal, by the table of the settings."""
    rows = [row for row in table.values() if canonical(row.dn) in groups]
    roles = [role for role in RANK if role in {row.role for row in rows}]
    if not roles:
        return NoPlace(
            N_(
                "Your password is right, but none of your groups in the centre's directory has a "
                "role in this portal. Please tell the centre's staff."
            )
        )
    if roles[0] is Role.STAFF:
        return Place(Role.STAFF, None)
    schools = sorted({row.school for row in rows if row.school is not None})
    if not schools:
        return NoPlace(
            N_(
                "Your password is right, but none of your groups in the centre's directory belongs "
                "to a school of this portal. Please tell the centre's staff."
            )
        )
    if len(schools) > 1:
        return NoPlace(
            N_(
                "Your groups in the centre's directory belong to several schools ({schools}), and "
                "an account has one. Please tell the centre's staff.",
                schools=", ".join(schools),
            )
        )
    return Place(roles[0], schools[0])


def _holding(settings: Ldap, wire: Wire, members: list[str]) -> dict[Canonical, str]:
    """The groups that have one of these members, with their DNs."""
    attribute = settings.member_attribute
    if settings.nested == "chain":
        attribute = f"{attribute}:{IN_CHAIN}:"
    each = "".join(f"({attribute}={escape_filter_chars(member)})" for member in members)
    query = f"(|{each})" if len(members) > 1 else each
    base = settings.group_base or settings.base or ""
    code, entries = wire.search(base, query, SUBTREE, [NO_ATTRIBUTES], most=MOST_GROUPS)
    if code == RESULT_SIZE_LIMIT_EXCEEDED:
        raise _too_many()
    if not succeeded(code):
        raise ServerFailed(wire.url, "searching", f"result {code} for groups below {base}")
    try:
        return {canonical(entry["dn"]): entry["dn"] for entry in entries}
    except ValueError as cause:
        raise ServerFailed(wire.url, "searching", f"a group's name: {cause}") from cause


def _too_many() -> NoPlaceHere:
    return NoPlaceHere(
        N_(
            "Your password is right, but you are in more than {most} groups of the centre's "
            "directory. Please tell the centre's staff.",
            most=MOST_GROUPS,
        )
    )
