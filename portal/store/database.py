"""Engine and sessions. A session is opened for a tenant, and cannot see another's rows.

Source of the SQLite settings: https://www.sqlite.org/wal.html and
https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#transactions-with-sqlite-and-the-sqlite3-driver
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, or_
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    ORMExecuteState,
    Session,
    sessionmaker,
    with_loader_criteria,
)

from portal.config import Database
from portal.store.ownership import OfSchool, OfSchoolOrCentre
from portal.store.tables import Base

BUSY_MS = 10_000
IDLE_S = 3.0  # after which a connection is asked whether it still stands


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
        reader = self.engine.execution_options(**_reading(self.engine))
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


def _reading(engine: Engine) -> dict[str, str]:
    """How a connection that only reads is used.

    SQLite gives a snapshot to every statement of a transaction. PostgreSQL gives one to each
    statement, in a transaction or not; without one, BEGIN and ROLLBACK need not be sent.
    """
    if engine.dialect.name == "sqlite":
        return {"sqlite_begin": "DEFERRED"}
    return {"isolation_level": "AUTOCOMMIT"}


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
    state.statement = state.statement.options(*_criteria(tenant.school_id))


@lru_cache(maxsize=4096)
def _criteria(school_id: str | None) -> tuple[LoaderCriteriaOption, ...]:
    """What belongs to a school, as options of a statement; made once for each school."""
    return (
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
        # More at once are not served sooner, and a server has only so many for all processes (100
        # where nobody has chosen): whoever finds none free waits for one.
        engine = create_engine(url, hide_parameters=True, pool_size=10, max_overflow=5)
        event.listen(engine, "checkin", _note_the_time)
        event.listen(engine, "checkout", partial(_is_alive, engine))
        return engine
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def _note_the_time(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _is_alive(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that has lain idle whether it still stands; the pool then takes another.

    Asking each time, as `pool_pre_ping` does, is a third of what a short request costs. A server
    that restarts closes all its connections, and the first error makes the pool forget them all.
    """
    if time.monotonic() - record.info.get("used_at", 0.0) < IDLE_S:
        return
    try:
        alive = engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as fault:
        raise DisconnectionError from fault
    if not alive:
        raise DisconnectionError


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # pysqlite's own transaction handling would begin late and silently; SQLAlchemy's event does.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Zeros over what is deleted: Debian's SQLite does it anyway, others leave it to be found.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
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
