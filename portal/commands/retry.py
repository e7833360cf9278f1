"""kesuan retry: try again what ended without success."""

from __future__ import annotations

import click

from portal.commands.changing import change
from portal.commands.connected import connected
from portal.commands.connection import Connection


@click.command("retry")
@click.argument("runs", nargs=-1)
@click.option("--lesson", help="Try the failed and lost seats of this lesson again.")
@connected
def command(connection: Connection, runs: tuple[str, ...], lesson: str | None) -> None:
    """Try RUNS again, each as its next attempt."""
    change(connection, "retry", runs, lesson, keyed=True)
