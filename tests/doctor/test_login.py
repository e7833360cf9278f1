"""What the doctor finds of a directory: each fault by its own line, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage.directory_tree import SCHOOLS, group_dn
from stage.slapd import Directory

from portal import config
from portal.doctor import Finding, Verdict, login
from portal.people import accounts
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.tables import School
from tests.directories import TABLE, settings_for
from tests.doctor.conftest import Settings

TABLE_HERE = {name: row for name, row in TABLE.items() if row.school != "elsewhere"}
SET_UP = [School(slug=slug, name=slug, slurm_account=slug) for slug in SCHOOLS]


@pytest.fixture
def store(mine: Settings) -> Iterator[Store]:
    opened = Store(mine.database)
    yield opened
    opened.close()


def site(mine: Settings, ldap: config.Ldap, **changes: Any) -> Settings:
    values = {"login": config.Login(way="ldap"), "ldap_groups": TABLE_HERE, **changes}
    return replace(mine, ldap=ldap, **values)


def found(settings: Settings, store: Store) -> dict[str, Finding]:
    findings = list(login.look(settings, store, SET_UP))
    assert all(finding.advice for finding in findings if finding.verdict is Verdict.FAULT)
    worst = sorted(findings, key=lambda finding: finding.verdict is not Verdict.OK)
    return {finding.code: finding for finding in worst}


def faults(findings: dict[str, Finding]) -> set[str]:
    return {code for code, one in findings.items() if one.verdict is Verdict.FAULT}


def test_without_a_directory_there_is_nothing_to_say(mine: Settings, store: Store) -> None:
    assert list(login.look(mine, store, [])) == []


def test_a_directory_that_is_well(mine: Settings, store: Store, directory: Directory) -> None:
    with store.begin(EVERYONE) as session:
        who = {"login": "ops1", "name": "Ops", "role": Role.STAFF, "school_id": None}
        accounts.add(session, password="break the glass", **who)  # type: ignore[arg-type]
    findings = found(site(mine, settings_for(directory)), store)
    assert {one.verdict for one in findings.values()} == {Verdict.OK}
    assert set(findings) == {
        *("ldap", "ldap-bind", "ldap-base", "ldap-groups", "ldap-schools", "break-glass")
    }
    assert "ops1" in str(findings["break-glass"].found)
    assert "29 days" in str(findings["ldap"].found)


def test_nobody_to_break_the_glass_is_a_warning(
    mine: Settings, store: Store, directory: Directory
) -> None:
    assert found(site(mine, settings_for(directory)), store)["break-glass"].verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("changes", "code", "advice"),
    [
        ({"servers": ["ldaps://localhost:1"]}, "ldap", "firewall"),
        ({"bind_dn": "cn=nobody,dc=centre,dc=example"}, "ldap-bind", "ldap.bind_dn"),
        ({"base": "ou=absent,dc=centre,dc=example"}, "ldap-base", "ldap.base"),
        ({"group_base": "ou=absent,dc=centre,dc=example"}, "ldap-base", "ldap.group_base"),
    ],
)
def test_what_is_wrong_with_a_server_is_named(
    mine: Settings,
    store: Store,
    directory: Directory,
    changes: dict[str, Any],
    code: str,
    advice: str,
) -> None:
    findings = found(site(mine, settings_for(directory, **changes)), store)
    assert faults(findings) == {code}
    assert advice in str(findings[code].advice)


def test_a_certificate_that_is_not_trusted_is_named(
    mine: Settings, store: Store, directory: Directory, foreign_ca: Path
) -> None:
    findings = found(site(mine, settings_for(directory, ca_file=foreign_ca)), store)
    assert faults(findings) == {"ldap"}
    assert "ldap.ca_file" in str(findings["ldap"].advice)


def test_no_tls_is_a_warning(mine: Settings, store: Store, directory: Directory) -> None:
    plain = settings_for(directory, servers=[directory.url], start_tls=False)
    assert found(site(mine, plain), store)["ldap"].verdict is Verdict.WARN


def test_a_table_that_names_what_is_not_there_is_a_fault(
    mine: Settings, store: Store, directory: Directory
) -> None:
    wrong = config.LdapGroup(dn=group_dn("absent"), role="teacher", school="beihai")
    settings = site(mine, settings_for(directory), ldap_groups={**TABLE_HERE, "wrong": wrong})
    findings = found(settings, store)
    assert faults(findings) == {"ldap-groups", "ldap-schools"}
    assert "ldap_groups.wrong" in str(findings["ldap-groups"].found)
    assert "kesuan schools add beihai" in str(findings["ldap-schools"].advice)


def test_a_directory_that_only_people_can_look_into(
    mine: Settings, store: Store, directory: Directory
) -> None:
    direct = settings_for(directory, mode="direct", bind_dn=None, bind_password_file=None)
    findings = found(site(mine, direct), store)
    assert findings["ldap-base"].verdict is Verdict.SKIPPED
    assert faults(findings) == set()
