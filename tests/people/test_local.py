"""Logging in with a local account: one sentence for every refusal, and a pause after many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from portal.people import passwords
from portal.people.accounts import find
from portal.people.guesses import Guesses
from portal.people.login import Door, LoginPaused, LoginRefused
from portal.people.login.local import LocalAccounts
from portal.store import EVERYONE
from tests.town import Town

PASSWORD = "plum-2345"


@pytest.fixture
def accounts(town: Town) -> Door:
    give(town, passwords.hash_password(PASSWORD))
    return door(town)


def door(town: Town, guesses: Guesses | None = None) -> Door:
    store = town.portal.store
    return Door(store, LocalAccounts(store), guesses=guesses, sleep=lambda _: None)


def give(town: Town, hashed: str) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        user = find(session, "t-hua")
        assert user is not None
        user.password_hash = hashed


def hash_of(town: Town) -> str:
    with town.portal.store.reading(EVERYONE) as session:
        user = find(session, "t-hua")
        assert user is not None
        return user.password_hash or ""


def test_the_right_password_gives_the_user(town: Town, accounts: Door) -> None:
    assert accounts.authenticate("t-hua", PASSWORD) == town.here.teacher.user_id
    assert accounts.authenticate(" T-Hua ", PASSWORD) == town.here.teacher.user_id


def test_every_refusal_is_the_same_sentence(town: Town, accounts: Door) -> None:
    said = set()
    # a wrong password, an unknown login, an account with no password, and empty ones
    for login, password in (("t-hua", "x"), ("nobody", PASSWORD), ("t-nan", ""), ("t-hua", "")):
        with pytest.raises(LoginRefused) as caught:
            accounts.authenticate(login, password)
        said.add(str(caught.value))
    with town.portal.store.begin(EVERYONE) as session:
        user = find(session, "t-hua")
        assert user is not None
        user.active = False
    with pytest.raises(LoginRefused) as caught:
        accounts.authenticate("t-hua", PASSWORD)
    said.add(str(caught.value))
    assert len(said) == 1


def test_an_unknown_login_costs_a_hash_too(town: Town) -> None:
    """As many hashes are computed for nobody as for somebody."""
    hashed: list[bool] = []

    def away(work: Callable[[], bool]) -> bool:
        hashed.append(work())
        return hashed[-1]

    accounts = LocalAccounts(town.portal.store, away)
    for login in ("t-hua", "nobody"):
        with pytest.raises(LoginRefused):
            accounts.prove(login, "x")
    assert hashed == [False, False]


def test_after_ten_wrong_guesses_even_the_right_one_waits(town: Town) -> None:
    give(town, passwords.hash_password(PASSWORD))
    now = [0.0]
    accounts = door(town, Guesses(town.portal.store, clock=lambda: now[0]))
    for _ in range(10):
        with pytest.raises(LoginRefused):
            accounts.authenticate("t-hua", "wrong")
    with pytest.raises(LoginPaused) as caught:
        accounts.authenticate("T-HUA", PASSWORD)
    assert caught.value.seconds == 60
    now[0] = 61
    assert accounts.authenticate("t-hua", PASSWORD)


def test_a_hash_with_other_costs_is_renewed_at_login(town: Town, accounts: Door) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    give(town, cheap)
    assert accounts.authenticate("t-hua", PASSWORD)
    assert hash_of(town) != cheap
    assert not passwords.needs_rehash(hash_of(town))
    assert accounts.authenticate("t-hua", PASSWORD)


def test_an_endless_password_is_not_even_hashed() -> None:
    assert not passwords.check(passwords.decoy(), "x" * 1_000_000)


def test_a_hash_that_is_none_refuses() -> None:
    assert not passwords.check("not a hash", "x")


def test_passwords_on_paper_have_no_letters_that_look_alike() -> None:
    made = {passwords.readable() for _ in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("0o1li")
