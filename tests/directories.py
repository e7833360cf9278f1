"""A real slapd with the tree of `scripts/stage/directory_tree.py`, for every room that asks it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import certificates, slapd
from stage.checkout import alone
from stage.directory_tree import GROUPS, PEOPLE, ROLES, SERVICE, group_dn

from portal.config import Ldap, LdapGroup
from tests.conftest import NAME

TABLE = {
    name: LdapGroup(dn=group_dn(name), role=role, school=school)
    for name, (role, school) in ROLES.items()
}


def start(name: str) -> slapd.Directory:
    """A slapd for tests; the caller ends it with `slapd.down`."""
    if os.geteuid() != 0:
        pytest.skip("slapd runs as a user of its own, which needs root: ./scripts/test")
    with alone():
        return slapd.up(name)


def settings_for(directory: slapd.Directory, **changes: Any) -> Ldap:
    """Search and bind over TLS, unless told otherwise; as patient as a site is."""
    settings = Ldap(
        servers=[directory.tls_url],
        ca_file=directory.ca_file,
        bind_dn=SERVICE,
        bind_password_file=directory.password_file,
        base=PEOPLE,
        group_base=GROUPS,
    )
    return replace(settings, **changes)


@pytest.fixture(scope="session")
def directory() -> Iterator[slapd.Directory]:
    started = start(NAME)
    yield started
    slapd.down(started.name)


@pytest.fixture(scope="session")
def foreign_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that has signed nothing here."""
    folder = tmp_path_factory.mktemp("foreign")
    certificates.make(folder)
    return folder / "ca.pem"
