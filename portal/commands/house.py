"""The settings and the database, for commands that run on the portal's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from portal.config import Settings, load
from portal.errors import Unavailable
from portal.language import N_
from portal.store import Store


def settings() -> Settings:
    """The settings that `kesuan --settings` names; raises `BadSettings`."""
    path: Path = click.get_current_context().find_root().obj
    return load(path)


@contextmanager
def opened(of: Settings) -> Iterator[Store]:
    """The database of the settings, closed at the end."""
    with closing(Store(of.database)) as store:
        try:
            yield store
        except DBAPIError as cause:
            said = N_("The database: {error}. Has kesuan migrate been run?", error=cause.orig)
            raise Unavailable(said) from cause
