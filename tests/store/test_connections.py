"""Connections to PostgreSQL: what only reads takes no transaction, and a dead one is replaced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from portal.config import Database
from portal.store import EVERYONE, Store, database

pytestmark = pytest.mark.postgres


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    made = Store(Database(url=postgres_url))
    yield made
    made.close()


def test_reading_takes_no_transaction_and_writing_does(store: Store) -> None:
    state = text("select 1, now() = statement_timestamp()")
    with store.reading(EVERYONE) as session:
        session.execute(state)
        # In a transaction now() stands still; every statement without one begins its own.
        assert session.execute(state).one()[1] is True
    with store.begin(EVERYONE) as session:
        session.execute(state)
        assert session.execute(state).one()[1] is False


def test_a_connection_that_died_while_it_lay_idle_is_replaced(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_S", 0.0)
    with store.reading(EVERYONE) as session:
        dead = session.execute(text("select pg_backend_pid()")).scalar_one()
    other = Store(Database(url=store.engine.url.render_as_string(hide_password=False)))
    with other.reading(EVERYONE) as session:
        session.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": dead})
    other.close()
    with store.reading(EVERYONE) as session:
        assert session.execute(text("select pg_backend_pid()")).scalar_one() != dead


def test_a_connection_of_a_moment_ago_is_not_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_now(_connection: object) -> bool:
        raise AssertionError("asked whether it still stands")

    with store.reading(EVERYONE) as session:
        session.execute(text("select 1"))
    monkeypatch.setattr(database, "IDLE_S", 3600.0)
    monkeypatch.setattr(store.engine.dialect, "do_ping", not_now)
    with store.reading(EVERYONE) as session:
        assert session.execute(text("select 2")).scalar_one() == 2
