"""Is the database there, is it of this release, and does its clock agree?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal.doctor.finding import Finding, fault, ok
from portal.language import N_
from portal.store import Store
from portal.store.migrate import is_current

# SQLite tells whole seconds, so a difference below this says nothing.
MOST_SKEW_S = 2.5


def look(store: Store) -> Iterator[Finding]:
    """Findings about the database; the first fault ends them."""
    try:
        skew = _skew(store)
    except (SQLAlchemyError, OSError) as error:
        found = N_("The database does not answer: {error}", error=str(error).splitlines()[0])
        yield fault(
            "database", found, N_("Look at [database] in the settings, and whether it is up.")
        )
        return
    if not is_current(store):
        yield fault(
            "database",
            N_("The database is not of this release."),
            N_("Run: kesuan migrate"),
        )
        return
    yield ok("database", N_("The database answers and is of this release."))
    if abs(skew) > MOST_SKEW_S:
        yield fault(
            "database-clock",
            N_("The database's clock is {seconds} s off.", seconds=f"{skew:+.1f}"),
            N_("Let both machines follow the same time server (chrony)."),
        )
    else:
        yield ok("database-clock", N_("The database's clock agrees."))


def _skew(store: Store) -> float:
    """Seconds that the database's clock is ahead of this machine's."""
    with store.engine.connect() as connection:
        told: datetime = connection.execute(select(func.current_timestamp())).scalar_one()
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return aware.timestamp() - time.time()
