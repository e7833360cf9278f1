"""The same key twice is one run, also when both come at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Invalid
from portal.runs.launch import start_run
from portal.runs.once import fingerprint, once
from portal.store.tables import Answered
from tests.town import Town

AT_ONCE = 6


def start(town: Town, key: str | None, **changes: object) -> str:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        request = town.run_request(**changes)
        return start_run(session, town.portal, teacher, request, key=key).id


def test_the_same_request_with_the_same_key_gives_the_same_run(town: Town) -> None:
    assert start(town, "k") == start(town, "k")
    assert len(town.runs()) == 1


def test_without_a_key_every_press_counts(town: Town) -> None:
    assert start(town, None) != start(town, None)


def test_another_request_with_the_same_key_is_told_so(town: Town) -> None:
    start(town, "k")
    with pytest.raises(Conflict):
        start(town, "k", parameters={"algorithm": "CART"})
    assert len(town.runs()) == 1


def test_two_people_may_choose_the_same_key(town: Town) -> None:
    start(town, "k")
    for other in (town.here.admin, town.there.teacher):
        with town.portal.store.begin(other.tenant) as session:
            start_run(session, town.portal, other, town.run_request(), key="k")
    assert len({run.owner_id for run in town.runs()}) == 3


def test_a_request_that_failed_leaves_its_key_free(town: Town) -> None:
    with pytest.raises(Invalid):
        start(town, "k", data="no-such-data")
    assert start(town, "k")


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
def test_a_key_that_is_none(town: Town, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        start(town, key)
    assert set(caught.value.errors) == {"key"}


def test_parallel_requests_with_one_key_make_one(town: Town) -> None:
    start_line = threading.Barrier(AT_ONCE)

    def press() -> str:
        start_line.wait(timeout=10)
        return start(town, "one")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ids = {future.result(timeout=60) for future in [pool.submit(press) for _ in range(AT_ONCE)]}
    assert len(ids) == 1
    assert [run.id for run in town.runs()] == list(ids)


def test_the_second_waits_for_a_first_that_gives_up(town: Town) -> None:
    """The answer of a transaction that was rolled back is nobody's answer."""
    teacher, print_ = town.here.teacher, fingerprint("x")
    with pytest.raises(ZeroDivisionError), town.portal.store.begin(teacher.tenant) as session:
        once(session, teacher, "k", print_, lambda: {"n": 1 // 0})
    with town.portal.store.begin(teacher.tenant) as session:
        assert once(session, teacher, "k", print_, lambda: {"n": 2}) == ({"n": 2}, True)
    with town.portal.store.begin(teacher.tenant) as session:
        assert once(session, teacher, "k", print_, lambda: {"n": 3}) == ({"n": 2}, False)
        assert len(session.scalars(select(Answered)).all()) == 1


def test_a_fingerprint_tells_requests_apart_and_not_their_order() -> None:
    one = fingerprint("run", parameters={"a": 1, "b": [2]}, share=None)
    assert one == fingerprint("run", share=None, parameters={"b": [2], "a": 1})
    assert one != fingerprint("run", share=None, parameters={"b": [2], "a": 2})
    assert one != fingerprint("lesson", share=None, parameters={"b": [2], "a": 1})
