"""What every way to log in must do. Each way's tests inherit this and bring a `Trial`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from portal.errors import Unavailable
from portal.people.login import LoginRefused
from portal.people.login.way import Place, Way
from portal.people.viewer import Role

# The second and third would find everybody, or somebody, if they were taken for parts of a filter.
HOSTILE = (
    "*",
    "l*",
    "li)(uid=*",
    ")(",
    "*)(|(uid=*",
    "li\0",
    "\0",
    "li\\",
    "\\2a",
    "li,ou=people",
    "li+uid=li",
    "x" * 10_000,
    "(" * 10_000,
    "ｌｉ",  # full-width letters
    "lі",  # a Cyrillic letter
    "l\u00adi",  # a soft hyphen
    "li ",
    "uid=li",
    "",
    " ",
)


@dataclass(frozen=True)
class Account:
    """A login and its password, and what its owner is."""

    login: str
    password: str
    place: Place | None = None


@dataclass(frozen=True)
class Trial:
    """A way, who is known to it, and how to take its server away.

    At least two accounts have a place; `locked` has none.
    """

    way: Way
    accounts: Mapping[str, Account]
    away: Callable[[], Way]

    @property
    def placed(self) -> list[Account]:
        return [account for account in self.accounts.values() if account.place is not None]

    @property
    def someone(self) -> Account:
        return self.placed[0]

    @property
    def another(self) -> Account:
        return self.placed[1]


class WayContract:
    """Inherited by `Test…` classes that have a fixture `trial`."""

    def test_the_right_password_gives_the_owner(self, trial: Trial) -> None:
        assert len(trial.placed) >= 2
        for account in trial.placed:
            found = trial.way.prove(account.login, account.password)
            assert (found.login, found.place) == (account.login, account.place)
            assert found.name
            assert found.subject
            assert found.way

    def test_the_subject_is_the_same_every_time_and_each_ones_own(self, trial: Trial) -> None:
        accounts = (trial.someone, trial.someone, trial.another)
        found = [trial.way.prove(one.login, one.password).subject for one in accounts]
        assert found[0] == found[1] != found[2]

    def test_every_refusal_is_the_same_sentence(self, trial: Trial) -> None:
        locked = trial.accounts["locked"]
        said = set()
        for login, password in (
            (trial.someone.login, "wrong"),
            (trial.someone.login, ""),
            (trial.someone.login, trial.another.password),
            ("nobody", trial.someone.password),
            ("nobody", ""),
            (locked.login, locked.password),
        ):
            with pytest.raises(LoginRefused) as caught:
                trial.way.prove(login, password)
            assert type(caught.value) is LoginRefused
            said.add(str(caught.value))
        assert len(said) == 1

    @pytest.mark.parametrize(
        "password", ["\0", "\u00ad", "\u200d\u2060", "\ud800", "\u00a0", "x" * 256]
    )
    def test_passwords_that_could_turn_into_none_open_nothing(
        self, trial: Trial, password: str
    ) -> None:
        with pytest.raises(LoginRefused):
            trial.way.prove(trial.someone.login, password)

    @pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:12]))
    def test_a_hostile_name_is_nobodys(self, trial: Trial, name: str) -> None:
        """Even with a password that is somebody's, and without a word about the server."""
        with pytest.raises(LoginRefused):
            trial.way.prove(name, trial.someone.password)

    def test_a_server_that_is_away_is_no_refusal(self, trial: Trial) -> None:
        way = trial.away()
        with pytest.raises(Unavailable):
            way.prove(trial.someone.login, trial.someone.password)
        with pytest.raises(Unavailable):
            way.prove(trial.someone.login, "wrong")


class GrownUpsContract(WayContract):
    """For ways that know people of every role but seats."""

    def test_roles_and_schools_are_told_apart(self, trial: Trial) -> None:
        places = {name: account.place for name, account in trial.accounts.items()}
        assert places["teacher"] == Place(Role.TEACHER, "fuxiao")
        assert places["admin"] == Place(Role.SCHOOL_ADMIN, "fuxiao")
        assert places["staff"] == Place(Role.STAFF, None)
