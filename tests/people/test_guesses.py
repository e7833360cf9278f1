"""Allowances of wrong guesses: exact in a database that several processes write to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from portal.people.guesses import KEPT_S, SIZES, Guesses, Kind, Pool, forget_old
from portal.store import EVERYONE, Store
from portal.store.tables import Allowance

LI = Pool(Kind.ACCOUNT, "li")


def test_an_hour_of_guessing_at_one_account_is_at_most_a_hundred(store: Store) -> None:
    """Whatever the rhythm, and with the allowances of two friends' devices on top."""
    now = [1e9]
    guesses = Guesses(store, clock=lambda: now[0])
    mine = (LI, Pool(Kind.FRIEND, "li"), Pool(Kind.FRIEND, "chen"))
    looked_at = 0
    for _ in range(400):
        looked_at += sum(guesses.take([pool]) == 0 for pool in mine)
        now[0] += 9.0
    assert 85 <= looked_at <= 100


def test_a_pause_is_over_when_it_was_said_to_be(store: Store) -> None:
    now = [1e9]
    guesses = Guesses(store, clock=lambda: now[0])
    while not (wait := guesses.take([LI])):
        pass
    assert 0 < wait <= SIZES[Kind.ACCOUNT].refill_s
    now[0] += wait
    assert guesses.take([LI]) == 0
    assert guesses.take([LI]) > 0


def test_a_restart_forgets_nothing(store: Store) -> None:
    first = Guesses(store, clock=lambda: 1e9)
    for _ in range(SIZES[Kind.ACCOUNT].burst):
        assert first.take([LI]) == 0
    assert Guesses(store, clock=lambda: 1e9).take([LI]) > 0


def test_a_guess_that_was_right_is_given_back(store: Store) -> None:
    guesses = Guesses(store, clock=lambda: 1e9)
    for _ in range(3 * SIZES[Kind.ACCOUNT].burst):
        assert guesses.take([LI]) == 0
        guesses.give_back([LI])


def test_where_one_allowance_is_used_up_the_others_are_not_touched(store: Store) -> None:
    guesses = Guesses(store, clock=lambda: 1e9)
    session, address = Pool(Kind.SESSION, "s"), Pool(Kind.ADDRESS, "10.0.0.1")
    for _ in range(SIZES[Kind.SESSION].burst):
        assert guesses.take([session, address]) == 0
    for _ in range(1000):
        assert guesses.take([session, address]) > 0
    assert guesses.take([address]) == 0
    with store.reading(EVERYONE) as opened:
        used = opened.get_one(Allowance, address.name).used
    assert used == SIZES[Kind.SESSION].burst + 1


def test_guesses_at_the_same_moment_are_no_more_than_one_after_the_other(store: Store) -> None:
    """Two workers with many greenlets each look at the same allowance."""
    workers = [Guesses(store, clock=lambda: 1e9), Guesses(store, clock=lambda: 1e9)]
    address = Pool(Kind.ADDRESS, "10.0.0.1")
    with ThreadPoolExecutor(8) as pool:
        # Each also takes from a second allowance, which others ask for in the other order.
        asked = [[LI, address] if n % 2 else [address, LI] for n in range(40)]
        waits = list(pool.map(lambda n: workers[n % 2].take(asked[n]), range(40)))
    assert waits.count(0) == SIZES[Kind.ACCOUNT].burst


def test_names_say_nothing_and_are_swept(store: Store) -> None:
    now = [1e9]
    guesses = Guesses(store, clock=lambda: now[0])
    guesses.take([Pool(Kind.ACCOUNT, "my password"), Pool(Kind.ADDRESS, "10.0.0.1")])
    with store.begin(EVERYONE) as session:
        for name in session.scalars(select(Allowance.name)):
            assert "password" not in name
            assert "10.0" not in name
        forget_old(session, now[0] + KEPT_S - 1)
        assert session.scalar(select(func.count()).select_from(Allowance)) == 2
        forget_old(session, now[0] + KEPT_S + 1)
        assert session.scalar(select(func.count()).select_from(Allowance)) == 0
    assert all(size.burst * size.refill_s < KEPT_S for size in SIZES.values())
