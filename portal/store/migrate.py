"""Bringing a database to the shape that this release of the portal needs."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from portal.store.database import Store


def upgrade(store: Store) -> None:
    """Apply every migration that the database has not had. Safe to run again."""
    with store.engine.begin() as connection:
        command.upgrade(_alembic(connection), "head")


def is_current(store: Store) -> bool:
    """Whether the database has the shape of this release."""
    with store.engine.connect() as connection:
        head = ScriptDirectory.from_config(_alembic(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == head


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("portal.store") / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
