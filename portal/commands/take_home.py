"""kesuan take-home: all of a class or of a school in one zip, from anywhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from portal.commands.connected import connected
from portal.commands.connection import Connection
from portal.commands.speech import said
from portal.language import N_


@click.command("take-home")
@click.option("--class", "school_class", help="All of this class.")
@click.option("--school", help="All of this school; for its administrators and staff.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The zip file to make.",
)
@connected
def command(
    connection: Connection, school_class: str | None, school: str | None, into: Path
) -> None:
    """Save all of a class or of a school: data, results, models, and a page that shows them."""
    if (school_class is None) == (school is None):
        raise click.UsageError(said(N_("Say one of: --class, --school.")))
    kind, which = ("schools", school) if school_class is None else ("classes", school_class)
    into.parent.mkdir(parents=True, exist_ok=True)
    size = connection.download(f"/{kind}/{quote(which or '', safe='')}/takehome.zip", into)
    click.echo(f"{into}\t{size}")
