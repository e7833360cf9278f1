"""Who asks at the same moment is answered together, and whoever comes alone waits for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.store import together
from portal.store.together import Together

PATIENCE_S = 60


class Desk:
    """Doubles numbers, one round at a time; the first round takes until it is let go."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.threads: list[int] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.ask = Together(self.answer)

    def answer(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.rounds.append(list(numbers))
        self.threads.append(threading.get_ident())
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        if 13 in numbers:
            raise ZeroDivisionError
        return [ValueError(number) if number < 0 else 2 * number for number in numbers]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ask_meanwhile(desk: Desk, first: int, others: Sequence[int]) -> list[object]:
    """What is said to `first`, and then to those who come while its round is going on."""

    def said(number: int) -> object:
        try:
            return desk.ask(number)
        except (ValueError, ZeroDivisionError) as fault:
            return type(fault)

    with ThreadPoolExecutor(1 + len(others)) as pool:
        asked = [pool.submit(said, first)]
        assert desk.begun.wait(PATIENCE_S)
        asked += [pool.submit(said, number) for number in others]
        until = time.monotonic() + PATIENCE_S
        while len(desk.ask._waiting) < len(others) and time.monotonic() < until:
            time.sleep(0.001)
        desk.go_on.set()
        return [one.result(PATIENCE_S) for one in asked]


def test_who_comes_alone_is_answered_at_once_by_the_own_thread(desk: Desk) -> None:
    desk.go_on.set()
    assert [desk.ask(3), desk.ask(4)] == [6, 8]
    assert desk.rounds == [[3], [4]]
    assert desk.threads == [threading.get_ident()] * 2


def test_those_who_come_meanwhile_are_one_round(desk: Desk) -> None:
    assert ask_meanwhile(desk, 1, [2, 3, 4, 5]) == [2, 4, 6, 8, 10]
    assert [sorted(numbers) for numbers in desk.rounds] == [[1], [2, 3, 4, 5]]


def test_an_error_is_its_own(desk: Desk) -> None:
    assert ask_meanwhile(desk, 1, [2, -3, 4]) == [2, 4, ValueError, 8]


def test_what_breaks_a_round_is_told_to_all_of_it_and_to_nobody_else(desk: Desk) -> None:
    assert ask_meanwhile(desk, 1, [13, 4]) == [2, ZeroDivisionError, ZeroDivisionError]
    assert desk.ask(6) == 12


def test_a_round_has_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 2)
    assert ask_meanwhile(desk, 1, [2, 3, 4, 5, 6]) == [2, 4, 6, 8, 10, 12]
    assert [len(numbers) for numbers in desk.rounds] == [1, 2, 2, 1]


def test_a_round_behind_another_function_takes_all_who_came_while_that_went_on() -> None:
    slow, quick = Desk(), Desk()
    quick.go_on.set()
    ask = Together(quick.answer, behind=slow.ask)
    # While nothing goes on there, nobody waits for it.
    assert ask(1) == 2
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(slow.ask, 7)
        assert slow.begun.wait(PATIENCE_S)
        asked = [pool.submit(ask, number) for number in (2, 3, 4)]
        until = time.monotonic() + PATIENCE_S
        while len(ask._waiting) < 3 and time.monotonic() < until:
            time.sleep(0.001)
        assert quick.rounds == [[1]]
        slow.go_on.set()
        assert [one.result(PATIENCE_S) for one in asked] == [4, 6, 8]
        assert first.result(PATIENCE_S) == 14
    assert [sorted(numbers) for numbers in quick.rounds] == [[1], [2, 3, 4]]


def test_who_goes_away_while_waiting_keeps_nobody_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three who wait, the one who is to lead next is gone by the time of being called."""

    class Gone(BaseException):
        pass

    class Leaving(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            super().wait(timeout)
            raise Gone

    class Turn(together._Turn[int, int]):
        def __init__(self, ask: int) -> None:
            super().__init__(ask)
            self.called = Leaving() if ask == 2 else threading.Event()

    monkeypatch.setattr(together, "_Turn", Turn)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(desk.ask, 1)
        assert desk.begun.wait(PATIENCE_S)
        gone = pool.submit(desk.ask, 2)
        until = time.monotonic() + PATIENCE_S
        while len(desk.ask._waiting) < 1 and time.monotonic() < until:
            time.sleep(0.001)
        stays = pool.submit(desk.ask, 3)
        while len(desk.ask._waiting) < 2 and time.monotonic() < until:
            time.sleep(0.001)
        desk.go_on.set()
        assert first.result(PATIENCE_S) == 2
        assert stays.result(PATIENCE_S) == 6
        assert isinstance(gone.exception(PATIENCE_S), Gone)
    assert desk.ask(4) == 8
