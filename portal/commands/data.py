"""kesuan data: the real data sets that packages carry, made the centre's own."""

from __future__ import annotations

import click

from portal.commands.audited import written_down
from portal.commands.house import opened, settings
from portal.commands.speech import language
from portal.datasets.packaged import PACKAGED, import_packaged
from portal.store import EVERYONE


@click.group("data")
def command() -> None:
    """Data sets of the centre."""


@command.command("import")
@click.argument("names", nargs=-1, type=click.Choice(list(PACKAGED)))
@click.option("--list", "listing", is_flag=True, help="List what can be imported, and stop.")
def import_(names: tuple[str, ...], listing: bool) -> None:
    """Import packaged data sets by NAME. Importing one twice is harmless."""
    if listing:
        for slug, packaged in PACKAGED.items():
            click.echo(f"{slug}\t{packaged.kind}\t{packaged.name.in_language(language())}")
        return
    if not names:
        raise click.UsageError("NAMES, or --list.")
    house = settings()
    with opened(house) as store:
        for name in names:
            with store.begin(EVERYONE) as session:
                data_set = import_packaged(session, house, name)
                written_down(session, "data.import", f"data {data_set.id}", None)
                click.echo(f"{data_set.slug}\t{data_set.sha256}")
