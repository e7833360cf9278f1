"""The town, on both databases."""

from tests.town import (
    catalog,
    database,
    migrated_postgres,
    migrated_sqlite,
    portal,
    store,
    town,
)

__all__ = [
    "catalog",
    "database",
    "migrated_postgres",
    "migrated_sqlite",
    "portal",
    "store",
    "town",
]
