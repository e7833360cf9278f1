"""Each way to log in passes the contract: local accounts, seats' cards, LDAP as sites have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from stage.directory_tree import PEOPLE
from stage.slapd import Directory

from portal import config
from portal.people import accounts, cards, codes, passwords
from portal.people.classes import add_class
from portal.people.login.cards import Cards
from portal.people.login.ldap import LdapWay
from portal.people.login.local import LocalAccounts
from portal.people.login.way import Place
from portal.people.schools import add_school
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.database import create_all
from tests.directories import TABLE, settings_for
from tests.people.login.contract import Account, GrownUpsContract, Trial, WayContract

TEACHER = Place(Role.TEACHER, "fuxiao")
ADMIN = Place(Role.SCHOOL_ADMIN, "fuxiao")
STAFF = Place(Role.STAFF, None)


class TestLocal(GrownUpsContract):
    """The embedded default."""

    @pytest.fixture
    def trial(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
        # A hash that is slow by design, thirty times over, tells nothing more.
        monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))
        store = Store(config.Database(url=f"sqlite:///{tmp_path}/kesuan.db"))
        create_all(store.engine)
        known = {
            "teacher": Account("li", "correct horse", TEACHER),
            "admin": Account("chen", "battery staple", ADMIN),
            "staff": Account("ops", "plum blossom", STAFF),
            "locked": Account("locked", "left the school"),
        }
        with store.begin(EVERYONE) as session:
            school = add_school(session, slug="fuxiao", name="附小", slurm_account="school1")
            for account in known.values():
                role = account.place.role if account.place else Role.TEACHER
                user = accounts.add(
                    session,
                    login=account.login,
                    name=account.login,
                    role=role,
                    school_id=None if role is Role.STAFF else school.id,
                    password=account.password,
                )
                user.active = account.place is not None
        nowhere = Store(config.Database(url="sqlite:////nowhere/at/all/kesuan.db"))
        yield Trial(LocalAccounts(store), known, lambda: LocalAccounts(nowhere))
        store.close()


class TestCards(WayContract):
    """A class's code with a seat's number, and the PIN on its card."""

    @pytest.fixture
    def trial(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
        monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))
        store = Store(config.Database(url=f"sqlite:///{tmp_path}/kesuan.db"))
        create_all(store.engine)
        with store.begin(EVERYONE) as session:
            school = add_school(session, slug="fuxiao", name="附小", slurm_account="school1")
            made, _ = add_class(session, school, slug="7-2", name="七 2", seats=3, passwords=False)
            made.homework = True
            deck = cards.shuffle(made.name, codes.of(session, made), [1, 2, 3])
            cards.deal(session, made, deck)
            made.seats[2].user.active = False
        place = Place(Role.SEAT, "fuxiao")
        known = {
            name: Account(f"{deck.pack.code}-{card.number:02}", card.pin, where)
            for name, card, where in zip(
                ("seat 1", "seat 2", "locked"), deck.pack.cards, (place, place, None), strict=True
            )
        }
        nowhere = Store(config.Database(url="sqlite:////nowhere/at/all/kesuan.db"))
        yield Trial(Cards(store), known, lambda: Cards(nowhere))
        store.close()


def _trial(directory: Directory, settings: config.Ldap) -> Trial:
    def known(login: str, place: Place | None) -> Account:
        return Account(login, directory.passwords[login], place)

    # Nobody listens on port 1.
    gone = settings_for(directory, servers=["ldaps://localhost:1"], mode=settings.mode)
    return Trial(
        LdapWay(settings, TABLE),
        {
            "teacher": known("li", TEACHER),
            "admin": known("chen", ADMIN),
            "staff": known("ops", STAFF),
            "locked": known("locked", None),
        },
        lambda: LdapWay(gone, TABLE),
    )


class TestLdapsBySearch(GrownUpsContract):
    """Find the entry, then bind as it, over TLS from the first byte."""

    @pytest.fixture
    def trial(self, directory: Directory) -> Trial:
        return _trial(directory, settings_for(directory))


class TestStartTlsBySearch(GrownUpsContract):
    """The same, where TLS is asked for on the plain port."""

    @pytest.fixture
    def trial(self, directory: Directory) -> Trial:
        return _trial(directory, settings_for(directory, servers=[directory.url]))


class TestDirectly(GrownUpsContract):
    """No account that searches: the person binds at once and reads their own entry."""

    @pytest.fixture
    def trial(self, directory: Directory) -> Trial:
        changes = {"mode": "direct", "dn_template": f"uid={{login}},{PEOPLE}", "bind_dn": None}
        return _trial(directory, settings_for(directory, **changes))
