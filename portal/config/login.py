"""How people log in: by local accounts, or by the centre's directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portal.config.setting import setting


@dataclass(frozen=True, kw_only=True)
class Login:
    """Which way people prove who they are."""

    way: str = setting(
        "local: accounts of the portal's own; ldap: people of a directory, and the local accounts "
        "of local_roles.",
        "local",
        choices=("local", "ldap"),
    )
    local_roles: list[str] = setting(
        "ldap: roles whose local accounts go on working; without staff nobody of the centre gets "
        "in while the directory is away.",
        ["staff", "seat"],
    )


@dataclass(frozen=True, kw_only=True)
class Ldap:
    """The centre's directory, for login.way = "ldap"; docs/ldap.md has two examples."""

    servers: list[str] = setting(
        "ldaps://host:port or ldap://host:port, the first that answers is taken.", []
    )
    start_tls: bool = setting("ldap:// is made safe by StartTLS before anything is said.", True)
    allow_plain: bool = setting(
        "ldap:// without StartTLS to another machine: passwords can be read on the way.", False
    )
    ca_file: Path | None = setting(
        "Certificates that are trusted for TLS, if not the system's.", None
    )
    connect_s: float = setting("Seconds until a connection is given up.", 3.0, low=0.1, high=60)
    receive_s: int = setting("Seconds until an answer is given up.", 5, low=1, high=60)
    login_s: float = setting(
        "Seconds that a whole login may take, all servers together.", 12.0, low=1, high=120
    )
    rest_s: float = setting(
        "Seconds for which a server that failed is asked last.", 30.0, low=0, high=3600
    )
    mode: str = setting(
        "search: find the person's entry, then bind as it; direct: bind by dn_template at once.",
        "search",
        choices=("search", "direct"),
    )
    bind_dn: str | None = setting(
        "search: account that searches; without one the search is anonymous.", None
    )
    bind_password_file: Path | None = setting("File with the password of bind_dn.", None)
    base: str | None = setting("search: below which people are.", None)
    filter: str = setting("What an entry must be to log in.", "(objectClass=person)")
    dn_template: str | None = setting(
        "direct: DN of a person, as uid={login},ou=people,dc=example,dc=org.", None
    )
    login_attribute: str = setting(
        "Attribute that people type as their login; uid, or sAMAccountName.", "uid"
    )
    name_attribute: str = setting("Attribute with the name that others see.", "cn")
    subject_attribute: str = setting(
        "What never changes of a person: entryUUID, or objectGUID, or dn for the entry's DN.",
        "entryUUID",
    )
    group_base: str | None = setting("Below which groups are, if not base.", None)
    member_attribute: str = setting(
        "Attribute of a group with its members: member, uniqueMember or memberUid.", "member"
    )
    member_value: str = setting(
        "What stands in it: the DNs of members, or their logins.", "dn", choices=("dn", "login")
    )
    nested: str = setting(
        "Groups in groups: not looked at, searched level by level, or followed by Active "
        "Directory itself (chain).",
        "search",
        choices=("off", "search", "chain"),
    )


@dataclass(frozen=True, kw_only=True)
class LdapGroup:
    """What the members of one group of the directory are here: a role, a school, or both."""

    dn: str = setting("The group's DN.")
    role: str | None = setting(
        "Role of its members.", None, choices=("staff", "school_admin", "teacher")
    )
    school: str | None = setting("Slug of the school that its members belong to.", None)
