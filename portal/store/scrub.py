"""What was deleted leaves the database's own files, too.

SQLite writes zeros over what is deleted (`secure_delete` in `portal.store.database`), but its
write-ahead log keeps the pages of before until it is emptied. PostgreSQL keeps deleted rows until
a VACUUM. Sources: https://www.sqlite.org/pragma.html#pragma_wal_checkpoint,
https://www.postgresql.org/docs/current/sql-vacuum.html
"""

from __future__ import annotations

from portal.store.database import BUSY_MS, Store
from portal.store.tables import Base

# The indexes of these hold ids and times alone, and to go through them takes seconds.
LARGE = frozenset({"answered", "audit", "batch", "run", "usage"})
# Nobody else waits for this longer than that; it is tried again.
PATIENCE_MS = 100


def scrub(store: Store) -> bool:
    """Whether what was deleted or changed is gone; False while somebody still reads it."""
    if store.engine.dialect.name == "sqlite":
        return _empty_the_log(store)
    quote = store.engine.dialect.identifier_preparer.quote
    outside = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with outside as connection:
        for name in Base.metadata.tables:
            how = "(INDEX_CLEANUP OFF) " if name in LARGE else ""
            connection.exec_driver_sql(f"VACUUM {how}{quote(name)}")
    return True


def _empty_the_log(store: Store) -> bool:
    # Below SQLAlchemy, which would begin a transaction of its own.
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    finally:
        connection.close()
    return bool(busy == 0)
