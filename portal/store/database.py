"""Engine and sessions. A session is opened for a tenant, and cannot see another's rows.

Source of the SQLite settings: https://www.sqlite.org/wal.html and
https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#transactions-with-sqlite-and-the-sqlite3-driver
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, or_
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker, with_loader_criteria

from portal.config import Database
from portal.store.tables import Base, OfSchool, OfSchoolOrCentre

BUSY_MS = 10_000


@dataclass(frozen=True)
class Tenant:
    """Whose rows a session may see: one school's (and the centre's own), or everyone's."""

    school_id: str | None
    everyone: bool = False


EVERYONE = Tenant(None, everyone=True)


def tenant_of(school_id: str | None, role: str) -> Tenant:
    """Staff see everyone's rows; everybody else those of their own school."""
    return EVERYONE if role == "staff" else Tenant(school_id)


class Store:
    """The database of one portal."""

    def __init__(self, settings: Database) -> None:
        self.engine = make_engine(settings)
        self._writing = sessionmaker(self.engine, class_=_TenantSession, expire_on_commit=False)
        reader = self.engine.execution_options(sqlite_begin="DEFERRED")
        self._reading = sessionmaker(reader, class_=_TenantSession, expire_on_commit=False)

    def reading(self, tenant: Tenant) -> Session:
        """A session for reading what `tenant` may see. Use it as a context manager."""
        return self._reading(info={"tenant": tenant})

    @contextmanager
    def begin(self, tenant: Tenant) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on any error."""
        with self._writing(info={"tenant": tenant}) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


class _TenantSession(Session):
    """A session that belongs to a tenant; the event below reads it."""


@event.listens_for(_TenantSession, "do_orm_execute")
def _only_the_tenants_rows(state: ORMExecuteState) -> None:
    """Add the school to every statement on a tenant's table, loads of relations included.

    Without `propagate_to_loaders` a joined load would fetch another school's row.
    """
    tenant: Tenant = state.session.info["tenant"]
    if tenant.everyone or not (state.is_select or state.is_update or state.is_delete):
        return
    school_id = tenant.school_id
    state.statement = state.statement.options(
        with_loader_criteria(
            OfSchool,
            lambda table: table.school_id == school_id,
            include_aliases=True,
            propagate_to_loaders=True,
        ),
        with_loader_criteria(
            OfSchoolOrCentre,
            lambda table: or_(table.school_id == school_id, table.school_id.is_(None)),
            include_aliases=True,
            propagate_to_loaders=True,
        ),
    )


def make_engine(settings: Database) -> Engine:
    """An engine with what its database needs to be safe under several processes."""
    url = make_url(settings.url)
    if settings.password_file is not None:
        url = url.set(password=settings.password_file.read_text(encoding="utf-8").strip())
    # An error of the database is logged whole; the values of a statement may be hashes of secrets.
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=20
        )
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # pysqlite's own transaction handling would begin late and silently; SQLAlchemy's event does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.close()


def _begin_immediately(connection: Any) -> None:
    # A read lock that is upgraded to a write lock does not wait for the busy timeout, so a
    # transaction that will write takes the write lock at its start.
    mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


def create_all(engine: Engine) -> None:
    """Make the tables without migrations: for a test's throwaway database only."""
    Base.metadata.create_all(engine)


def sqlite_file(settings: Database) -> Path | None:
    """The database's file where it is SQLite's."""
    url = make_url(settings.url)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database)
    return None
