"""kesuan cancel: stop runs, or a whole lesson."""

from __future__ import annotations

import click

from portal.commands.changing import change
from portal.commands.connected import connected
from portal.commands.connection import Connection


@click.command("cancel")
@click.argument("runs", nargs=-1)
@click.option("--lesson", help="Stop every run of this lesson.")
@connected
def command(connection: Connection, runs: tuple[str, ...], lesson: str | None) -> None:
    """Stop RUNS. Harmless where they have ended."""
    change(connection, "cancel", runs, lesson, keyed=False)
