"""The settings and the database, for commands that run on the portal's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from portal.config import Settings, load
from portal.store import Store


def settings() -> Settings:
    """The settings that `kesuan --settings` names; raises `BadSettings`."""
    path: Path = click.get_current_context().find_root().obj
    return load(path)


@contextmanager
def opened(of: Settings) -> Iterator[Store]:
    """The database of the settings, closed at the end."""
    with closing(Store(of.database)) as store:
        yield store
