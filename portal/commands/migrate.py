"""kesuan migrate: the database, brought to the shape of this release."""

from __future__ import annotations

import click

from portal.commands.house import opened, settings
from portal.commands.speech import said
from portal.language import N_
from portal.store.migrate import upgrade


@click.command("migrate")
def command() -> None:
    """Bring the database to the shape of this release. Safe to run again."""
    with opened(settings()) as store:
        upgrade(store)
    click.echo(said(N_("The database is up to date.")))
