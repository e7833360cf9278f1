"""Who is in the centre's directory of the tests and of the demo: three schools, and odd people.

The tree has what real ones have: groups in groups, one that contains itself by a detour, names
that are special in DNs and filters, an account that is locked, and people with no place here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BASE = "dc=centre,dc=example"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
SERVICE = f"cn=portal,ou=service,{BASE}"
POLICY = f"cn=default,ou=service,{BASE}"
SCHOOLS = ("fuxiao", "nanhu", "xishan")


@dataclass(frozen=True)
class Entry:
    """Somebody in the directory."""

    login: str
    name: str
    rdn: str = ""  # where it is not the login
    locked: bool = False

    @property
    def dn(self) -> str:
        return f"{self.rdn or f'uid={self.login}'},{PEOPLE}"


ENTRIES = (
    Entry("li", "李老师"),
    Entry("chen", "陈校管"),
    Entry("zhao", "赵老师"),
    Entry("wu", "吴老师"),
    Entry("ops", "机房值班"),
    Entry("odd", "Jo O'Neil", rdn=r"cn=Jo \28a*b\29\2C \5C\22O'Neil\22 #1"),
    Entry("guest", "访客"),
    Entry("duo", "两校老师"),
    Entry("far", "外校老师"),
    Entry("locked", "停用的老师", locked=True),
)
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "staff": ("ops",),
    "teachers-fuxiao": ("li", "odd", "duo", "locked"),
    "admins-fuxiao": ("chen",),
    "teachers-nanhu": ("zhao", "duo"),
    "teachers-xishan": ("@science-xishan",),
    "science-xishan": ("@physics-xishan",),
    "physics-xishan": ("wu", "@teachers-xishan"),
    "teachers-elsewhere": ("far",),
    "choir": ("guest", "li"),
}
# What the settings make of the groups: the role and the school.
ROLES: Mapping[str, tuple[str, str | None]] = {
    "staff": ("staff", None),
    **{f"teachers-{school}": ("teacher", school) for school in (*SCHOOLS, "elsewhere")},
    "admins-fuxiao": ("school_admin", "fuxiao"),
}


def group_dn(name: str) -> str:
    return f"cn={name},{GROUPS}"


def ldif(passwords: Mapping[str, str], service_password: str) -> str:
    """The whole tree for slapadd; `passwords` by login."""
    return "\n".join(_records(passwords, service_password))


def _records(passwords: Mapping[str, str], service_password: str) -> Iterator[str]:
    yield _record(BASE, "dcObject", "organization", dc="centre", o="超算中心")
    for unit in ("people", "groups", "service"):
        yield _record(f"ou={unit},{BASE}", "organizationalUnit", ou=unit)
    yield _record(
        SERVICE,
        "organizationalRole",
        "simpleSecurityObject",
        cn="portal",
        userPassword=hashed(service_password),
    )
    yield _record(
        POLICY, "pwdPolicy", "device", cn="default", pwdAttribute="userPassword", pwdLockout="TRUE"
    )
    dns = {}
    for entry in ENTRIES:
        dns[entry.login] = entry.dn
        attributes = {"uid": entry.login, "cn": entry.name, "sn": entry.name}
        attributes["userPassword"] = hashed(passwords[entry.login])
        # The same person in every tree that is made anew: the portal knows people by this.
        attributes["entryUUID"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, entry.login))
        if entry.locked:
            attributes["pwdAccountLockedTime"] = "000001010000Z"
        record = _record(entry.dn, "inetOrgPerson", **attributes)
        yield record if not entry.rdn else record + f"cn:: {_base64(_rdn_value(entry.rdn))}\n"
    for name, members in MEMBERS.items():
        yield _record(group_dn(name), "groupOfNames", cn=name) + "".join(
            f"member:: {_base64(dns.get(member) or group_dn(member.removeprefix('@')))}\n"
            for member in members
        )


def hashed(password: str) -> str:
    """As slapd keeps it: {SSHA}, which costs a test little."""
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def _record(dn: str, *classes: str, **attributes: str) -> str:
    lines = [f"dn:: {_base64(dn)}", *(f"objectClass: {name}" for name in classes)]
    lines += [f"{name}:: {_base64(value)}" for name, value in attributes.items()]
    return "\n".join(lines) + "\n"


def _rdn_value(rdn: str) -> str:
    """The value in an RDN of this file, whose escapes are all of two hexadecimal digits."""
    parts = rdn.partition("=")[2].split("\\")
    return parts[0] + "".join(chr(int(part[:2], 16)) + part[2:] for part in parts[1:])


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
