"""What a settings file may say of a directory: every fault at once, no password in the clear."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal import config
from tests.config.test_settings import GOOD, faults, written

LDAP = """
[login]
way = "ldap"
[ldap]
servers = ["ldaps://ldap.example.edu"]
bind_dn = "cn=kesuan,dc=example,dc=edu"
bind_password_file = "ldap-password"
base = "ou=people,dc=example,dc=edu"
[ldap_groups.teachers]
dn = "cn=teachers,ou=groups,dc=example,dc=edu"
role = "teacher"
[ldap_groups.hua]
dn = 'cn=Hua\\2C west wing #1,ou=groups,dc=example,dc=edu'
school = "hua"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"x" * 32)
    (tmp_path / "ldap-password").write_text("hush")
    (tmp_path / "empty").write_text("\n")
    return tmp_path


def test_a_directory_can_be_set_up(folder: Path) -> None:
    settings = config.load(written(folder, GOOD + LDAP))
    assert settings.login.way == "ldap"
    assert settings.ldap_groups["hua"].school == "hua"
    assert settings.ldap.nested == "search"
    assert "hush" not in str(config.effective(settings))


def test_without_a_word_people_have_local_accounts(folder: Path) -> None:
    settings = config.load(written(folder, GOOD))
    assert (settings.login.way, settings.ldap.servers, settings.ldap_groups) == ("local", [], {})


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"ldaps://ldap.example.edu"', "", "ldap.servers"),
        ("ldaps://ldap.example.edu", "http://ldap.example.edu", "ldap.servers"),
        ("ldaps://ldap.example.edu", "ldaps://", "ldap.servers"),
        ("ldaps://ldap.example.edu", "ldaps://a:99999", "ldap.servers"),
        ("ldaps://ldap.example.edu", "ldaps://kesuan:hush@a", "ldap.servers"),
        ("ldaps://ldap.example.edu", "ldaps://a/dc=x", "ldap.servers"),
        ("[ldap]\n", '[ldap]\nca_file = "absent"\n', "ldap.ca_file"),
        ('"ldap-password"', '"absent"', "ldap.bind_password_file"),
        ('"ldap-password"', '"empty"', "ldap.bind_password_file"),
        ('bind_password_file = "ldap-password"\n', "", "ldap.bind_password_file"),
        ('base = "ou=people,dc=example,dc=edu"\n', "", "ldap.base"),
        ('"ou=people,dc=example,dc=edu"', '"people"', "ldap.base"),
        ("[ldap]\n", '[ldap]\nfilter = "objectClass=*"\n', "ldap.filter"),
        ("[ldap]\n", '[ldap]\nlogin_attribute = "uid=*)("\n', "ldap.login_attribute"),
        ("[ldap]\n", '[ldap]\nmode = "direct"\n', "ldap.dn_template"),
        (
            "[ldap]\n",
            '[ldap]\nmode = "direct"\ndn_template = "{login}@example.edu"\n',
            "ldap.dn_template",
        ),
        ("[ldap]\n", '[ldap]\nnested = "deep"\n', "ldap.nested"),
        ('role = "teacher"\n', "", "ldap_groups.teachers"),
        ('role = "teacher"', 'role = "seat"', "ldap_groups.teachers.role"),
        ('role = "teacher"', 'role = "staff"\nschool = "hua"', "ldap_groups.teachers.school"),
        ("cn=teachers,ou", "teachers,ou", "ldap_groups.teachers.dn"),
        ('way = "ldap"', 'way = "ldap"\nlocal_roles = ["root"]', "login.local_roles"),
        ('way = "ldap"', 'way = "oidc"', "login.way"),
    ],
)
def test_one_fault_is_named_by_its_key(folder: Path, old: str, new: str, key: str) -> None:
    assert old in LDAP
    found = faults(folder, GOOD + LDAP.replace(old, new, 1))
    assert key in found
    assert "hush" not in str(found)


def test_every_fault_is_reported_at_once(folder: Path) -> None:
    text = '[login]\nway = "ldap"\n[ldap]\nmode = "direct"\nfilter = "x"\nca_file = "absent"\n'
    assert set(faults(folder, GOOD + text)) == {
        *("ldap.servers", "ldap.ca_file", "ldap.filter", "ldap.dn_template", "ldap.group_base"),
        "ldap_groups",
    }


@pytest.mark.parametrize(
    ("server", "more", "good"),
    [
        ("ldap://ldap.example.edu", "", True),  # StartTLS
        ("ldap://ldap.example.edu", "start_tls = false", False),
        ("ldap://ldap.example.edu", "start_tls = false\nallow_plain = true", True),
        ("ldap://localhost:1389", "start_tls = false", True),
        ("ldap://127.0.0.1", "start_tls = false", True),
        ("ldap://[::1]", "start_tls = false", True),
        ("ldap://localhost.example.edu", "start_tls = false", False),
    ],
)
def test_a_password_goes_without_tls_only_where_that_was_asked_for(
    folder: Path, server: str, more: str, good: bool
) -> None:
    text = LDAP.replace("ldaps://ldap.example.edu", server).replace("[ldap]\n", f"[ldap]\n{more}\n")
    if good:
        assert config.load(written(folder, GOOD + text)).ldap.servers == [server]
    else:
        assert set(faults(folder, GOOD + text)) == {"ldap.servers"}


def test_the_examples_of_the_documents_are_good(folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ldap.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        (folder / "ca").write_text("a certificate")
        here = re.sub(r"/etc/ssl/certs/[\w-]+\.pem", "ca", example)
        assert config.load(written(folder, GOOD + here)).login.way == "ldap"
