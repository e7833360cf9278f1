"""Groups in groups, groups that contain each other, and what the settings' table makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from stage.directory_tree import GROUPS, PEOPLE, group_dn
from stage.slapd import Directory

from portal.config import LdapGroup
from portal.people.login import NoPlaceHere
from portal.people.login.ldap import LdapWay
from portal.people.login.ldap.groups import MOST_GROUPS, groups_of, place_of
from portal.people.login.ldap.names import canonical, is_below, is_same
from portal.people.login.ldap.person import Person
from portal.people.login.way import NoPlace, Place
from portal.people.viewer import Role
from tests.directories import TABLE, settings_for


class Scripted:
    """A wire that answers each search from a table of members to groups."""

    url = "ldaps://scripted"

    def __init__(self, groups: dict[str, list[str]]) -> None:
        self.groups = groups
        self.queries: list[str] = []

    def search(
        self, base: str, query: str, scope: str, attributes: list[str], most: int
    ) -> tuple[int, list[dict[str, Any]]]:
        self.queries.append(query)
        found = [dn for member, dns in self.groups.items() if f"={member})" in query for dn in dns]
        return (4 if len(found) > most else 0), [{"dn": dn} for dn in found[:most]]


def place(directory: Directory, login: str, **changes: Any) -> Place | NoPlace:
    way = LdapWay(settings_for(directory, **changes), TABLE)
    return way.prove(login, directory.passwords[login]).place


def test_groups_in_groups_count_even_where_they_go_round(directory: Directory) -> None:
    assert place(directory, "wu") == Place(Role.TEACHER, "xishan")


def test_groups_in_groups_can_be_left_out(directory: Directory) -> None:
    assert isinstance(place(directory, "wu", nested="off"), NoPlace)
    assert place(directory, "li", nested="off") == Place(Role.TEACHER, "fuxiao")


def test_names_that_are_special_in_dns_and_filters_are_found(directory: Directory) -> None:
    assert place(directory, "odd") == Place(Role.TEACHER, "fuxiao")


@pytest.mark.parametrize(
    ("login", "says"), [("guest", "has a role"), ("duo", "several schools (fuxiao, nanhu)")]
)
def test_whoever_has_no_place_is_told_why(directory: Directory, login: str, says: str) -> None:
    found = place(directory, login)
    assert isinstance(found, NoPlace)
    assert says in str(found.why)


def test_an_entry_without_what_never_changes_is_told_so(directory: Directory) -> None:
    way = LdapWay(settings_for(directory, subject_attribute="employeeNumber"), TABLE)
    with pytest.raises(NoPlaceHere) as caught:
        way.prove("li", directory.passwords["li"])
    assert "employeeNumber" in str(caught.value)


def test_the_dn_can_be_what_never_changes(directory: Directory) -> None:
    way = LdapWay(settings_for(directory, subject_attribute="dn"), TABLE)
    assert way.prove("li", directory.passwords["li"]).subject == f"uid=li,{PEOPLE}"


def test_active_directory_follows_the_chain_itself(directory: Directory) -> None:
    person = Person("cn=Li (a),dc=x", "s", "li", "Li")
    wire = Scripted({})
    settings = settings_for(directory, nested="chain")
    assert groups_of(settings, wire, person) == set()  # type: ignore[arg-type]
    assert wire.queries == ["(member:1.2.840.113556.1.4.1941:=cn=Li \\28a\\29,dc=x)"]


def test_groups_of_logins_are_asked_for_the_login(directory: Directory) -> None:
    wire = Scripted({"li": ["cn=t,dc=x"]})
    settings = settings_for(directory, member_attribute="memberUid", member_value="login")
    person = Person("cn=Li,dc=x", "s", "li", "Li")
    found = groups_of(settings, wire, person)  # type: ignore[arg-type]
    assert found == {canonical("CN=T, DC=x")}


def test_a_staircase_of_groups_ends_and_so_does_a_crowd(directory: Directory) -> None:
    person = Person("cn=p,dc=x", "s", "p", "P")
    stairs = {f"cn=g{n},dc=x": [f"cn=g{n + 1},dc=x"] for n in range(50)}
    wire = Scripted({"cn=p,dc=x": ["cn=g0,dc=x"], **stairs})
    assert len(groups_of(settings_for(directory), wire, person)) == 8  # type: ignore[arg-type]
    crowd = Scripted({"cn=p,dc=x": [f"cn=c{n},dc=x" for n in range(MOST_GROUPS + 1)]})
    with pytest.raises(NoPlaceHere):
        groups_of(settings_for(directory), crowd, person)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["staff", "teachers-fuxiao"], Place(Role.STAFF, None)),
        (["admins-fuxiao", "teachers-fuxiao"], Place(Role.SCHOOL_ADMIN, "fuxiao")),
        (["roles", "people"], Place(Role.TEACHER, "nanhu")),
        (["people"], None),
        (["roles"], None),
        ([], None),
    ],
)
def test_the_table_makes_one_place_of_all_groups(groups: list[str], expected: Place | None) -> None:
    # One group may say the role and another the school.
    table = {
        **TABLE,
        "roles": LdapGroup(dn=f"CN=Roles,{GROUPS}", role="teacher"),
        "people": LdapGroup(dn=group_dn("people"), school="nanhu"),
    }
    found = place_of({canonical(group_dn(name)) for name in groups}, table)
    assert found == expected or (expected is None and isinstance(found, NoPlace))


def test_one_name_written_in_two_ways_is_one() -> None:
    assert is_same(r"CN=Li\2C Mei , OU=People,DC=x", r"cn=li\, mei,ou=people,dc=x")
    assert is_same(r"cn=\E6\9D\8E,dc=x", "cn=李,dc=x")
    assert is_below("uid=li,ou=people,dc=x", "OU=People, DC=x")
    assert is_below("cn=a#1,dc=x", "dc=x")


@pytest.mark.parametrize(
    ("dn", "base"),
    [
        ("ou=people,dc=x", "ou=people,dc=x"),
        (r"cn=a\,ou=people,dc=x", "ou=people,dc=x"),
        ("uid=li,ou=people,dc=xx", "ou=people,dc=x"),
        ("", "dc=x"),
        ("nonsense", "dc=x"),
        ("cn=a,", "dc=x"),
    ],
)
def test_what_is_not_below_is_not_taken_for_it(dn: str, base: str) -> None:
    assert not is_below(dn, base)
