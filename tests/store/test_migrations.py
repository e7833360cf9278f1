"""The migrations make the tables that the code has, on both databases."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from portal import config
from portal.store import EVERYONE, Store, migrate
from portal.store.migrate import is_current, upgrade
from portal.store.tables import Base, Lease, Token, User


def test_the_migrated_database_is_what_the_tables_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_again_changes_nothing(store: Store) -> None:
    assert is_current(store)
    upgrade(store)
    assert is_current(store)


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    empty = Store(config.Database(url=f"sqlite:///{tmp_path}/new.db"))
    assert not is_current(empty)
    upgrade(empty)
    assert is_current(empty)
    empty.close()


def test_the_release_before_keeps_its_rows(store: Store) -> None:
    with store.engine.begin() as connection:
        command.downgrade(migrate._alembic(connection), "0001")
        connection.execute(text("INSERT INTO lease (name, holder, until) VALUES ('agent', 'a', 5)"))
    assert not is_current(store)
    upgrade(store)
    with store.reading(EVERYONE) as session:
        lease = session.get_one(Lease, "agent")
        assert (lease.holder, lease.until, lease.renewed_at) == ("a", 5, None)


def test_people_that_other_rows_point_to_are_kept(store: Store) -> None:
    """SQLite would have a table made anew for some changes, and foreign keys would not have it."""
    with store.engine.begin() as connection:
        command.downgrade(migrate._alembic(connection), "0002")
    with store.engine.begin() as connection:
        for statement in (
            'INSERT INTO "user" (id, login, name, role, active, created_at)'
            " VALUES ('u1', 'li', 'Li', 'staff', true, 5)",
            "INSERT INTO token (id, user_id, name, sha256, created_at, ends_at)"
            " VALUES ('t1', 'u1', 'script', 'ab', 5, 6)",
        ):
            connection.execute(text(statement))
    upgrade(store)
    with store.reading(EVERYONE) as session:
        user = session.get_one(User, "u1")
        assert (user.login, user.way, user.subject, user.left_at) == ("li", "local", None, None)
        assert session.get_one(Token, "t1").user_id == "u1"
    with store.engine.begin() as connection:
        command.downgrade(migrate._alembic(connection), "0002")
        assert connection.scalar(text('SELECT count(*) FROM "user"')) == 1
    upgrade(store)


def test_sqlite_is_in_wal_mode_and_holds_foreign_keys(tmp_path: Path) -> None:
    store = Store(config.Database(url=f"sqlite:///{tmp_path}/new.db"))
    with store.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA busy_timeout")) >= 1000
    store.close()
