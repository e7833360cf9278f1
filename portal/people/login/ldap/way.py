"""A `Way` over a directory: search and bind, or bind at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from ldap3.core.results import (
    RESULT_CONSTRAINT_VIOLATION,
    RESULT_INAPPROPRIATE_AUTHENTICATION,
    RESULT_INSUFFICIENT_ACCESS_RIGHTS,
    RESULT_INVALID_CREDENTIALS,
    RESULT_INVALID_DN_SYNTAX,
    RESULT_NO_SUCH_OBJECT,
    RESULT_UNWILLING_TO_PERFORM,
)

from portal.config import Ldap, LdapGroup
from portal.language import N_
from portal.people.login.ldap import person as persons
from portal.people.login.ldap.groups import groups_of, place_of
from portal.people.login.ldap.person import Person
from portal.people.login.ldap.servers import Servers
from portal.people.login.ldap.wire import Allowance, ServerFailed, Wire, connected, succeeded
from portal.people.login.refusals import LoginRefused, NoPlaceHere
from portal.people.login.way import Identity

LDAP = "ldap"

# What servers say to a wrong password and to an account that is locked, closed or has none; any
# other failure says something of the server and nothing of the person.
REFUSING = frozenset(
    {
        RESULT_INVALID_CREDENTIALS,
        RESULT_UNWILLING_TO_PERFORM,
        RESULT_CONSTRAINT_VIOLATION,
        RESULT_INAPPROPRIATE_AUTHENTICATION,
        RESULT_INSUFFICIENT_ACCESS_RIGHTS,
        RESULT_NO_SUCH_OBJECT,
        RESULT_INVALID_DN_SYNTAX,
    }
)


class LdapWay:
    """The people of the centre's directory."""

    def __init__(self, settings: Ldap, groups: Mapping[str, LdapGroup]) -> None:
        self._settings = settings
        self._groups = groups
        self._servers = Servers(settings)

    def prove(self, login: str, password: str) -> Identity:
        """Who the directory says that the owner of login and password is.

        Raises `NoPlaceHere` for an entry that the portal cannot do anything with.
        """
        try:
            password.encode("utf-8")
        except UnicodeEncodeError as cause:
            # Half a surrogate pair, which JSON may bring, is in nobody's password.
            raise LoginRefused from cause
        if not login or not password:
            raise LoginRefused
        return self._servers.ask(lambda url, limit: self._ask(url, limit, login, password))

    def _ask(self, url: str, limit: Allowance, login: str, password: str) -> Identity:
        if self._settings.mode == "direct":
            return self._directly(url, limit, login, password)
        with connected(self._settings, url, limit) as searching:
            bind_as_service(self._settings, searching)
            found = persons.by_search(self._settings, searching, login)
            self._prove_to_be(found, url, limit, password)
            if found is None:
                raise LoginRefused
            return self._identity(searching, found)

    def _directly(self, url: str, limit: Allowance, login: str, password: str) -> Identity:
        with connected(self._settings, url, limit) as own:
            _bind(own, persons.own_dn(self._settings, login), password)
            found = persons.by_name(self._settings, own, login)
            if found is None:
                raise LoginRefused
            return self._identity(own, found)

    def _prove_to_be(self, found: Person | None, url: str, limit: Allowance, password: str) -> None:
        # For an unknown login nobody's DN is tried, so that the answer takes as long. On a
        # connection of its own: what a connection had before a bind that fails is not defined
        # alike by all servers.
        nobody = f"{self._settings.login_attribute}={secrets.token_hex(8)},{self._settings.base}"
        with connected(self._settings, url, limit) as own:
            _bind(own, found.dn if found is not None else nobody, password)

    def _identity(self, wire: Wire, found: Person) -> Identity:
        if not found.subject:
            raise NoPlaceHere(
                N_(
                    "Your password is right, but your entry in the centre's directory has no "
                    "{attribute}. Please tell the centre's staff.",
                    attribute=self._settings.subject_attribute,
                )
            )
        groups = groups_of(self._settings, wire, found)
        return Identity(
            way=LDAP,
            subject=found.subject,
            login=found.login,
            name=found.name,
            place=place_of(groups, self._groups),
        )


def bind_as_service(settings: Ldap, wire: Wire) -> None:
    """Bind with the account that may search; without one in the settings, stay anonymous."""
    if settings.bind_dn is None or settings.bind_password_file is None:
        return
    try:
        password = settings.bind_password_file.read_text(encoding="utf-8").strip()
        code = wire.bind(settings.bind_dn, password)
    except (OSError, ValueError) as cause:
        raise ServerFailed(wire.url, "binding", f"ldap.bind_password_file: {cause}") from cause
    if not succeeded(code):
        raise ServerFailed(wire.url, "binding", f"result {code} for {settings.bind_dn}")


def _bind(wire: Wire, dn: str, password: str) -> None:
    code = wire.bind(dn, password)
    if code in REFUSING:
        raise LoginRefused
    if not succeeded(code):
        raise ServerFailed(wire.url, "binding", f"result {code} for a person")
