"""A database that does not answer, as an error that people can be told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from portal.errors import Unavailable
from portal.language import N_


class NoDatabase(Unavailable):
    """It is away, or locked for longer than anybody waits; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(N_("The portal's database does not answer just now."))


def silent(error: OperationalError) -> bool:
    """Whether the database is away or locked; a table that is missing, say, is a fault of ours.

    SQLite's driver gives both one class, and tells them apart by the code of the result.
    """
    return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


@contextmanager
def answering() -> Iterator[None]:
    """Raise `NoDatabase` where the database does not answer, for a form that keeps what was typed.

    Elsewhere pages and API say the same of SQLAlchemy's own error.
    """
    try:
        yield
    except OperationalError as cause:
        if silent(cause):
            raise NoDatabase from cause
        raise
