"""One transaction is all or nothing, and many at once wait for each other instead of failing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from portal.store import EVERYONE, Store
from portal.store.tables import School

WRITERS = 8
TURNS = 5


def _count(store: Store) -> int:
    with store.reading(EVERYONE) as session:
        return len(session.scalars(select(School.id)).all())


class Stumble(Exception):
    """What goes wrong halfway."""


def test_an_error_leaves_nothing_behind(store: Store) -> None:
    def halfway() -> None:
        with store.begin(EVERYONE) as session:
            session.add(School(slug="a", name="a", slurm_account="a"))
            session.flush()
            raise Stumble

    with pytest.raises(Stumble):
        halfway()
    assert _count(store) == 0


def test_readers_see_only_what_is_committed(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        session.add(School(slug="a", name="a", slurm_account="a"))
        session.flush()
        assert _count(store) == 0
    assert _count(store) == 1


def test_many_writers_who_read_first_all_get_through(store: Store) -> None:
    """Reading before writing is what turns a read lock into a write lock in SQLite."""
    start = threading.Barrier(WRITERS)

    def work(worker: int) -> None:
        start.wait(timeout=10)
        for turn in range(TURNS):
            with store.begin(EVERYONE) as session:
                session.scalars(select(School.id)).all()
                name = f"s-{worker}-{turn}"
                session.add(School(slug=name, name=name, slurm_account=name))

    with ThreadPoolExecutor(WRITERS) as pool:
        for future in [pool.submit(work, worker) for worker in range(WRITERS)]:
            future.result(timeout=60)
    assert _count(store) == WRITERS * TURNS
