"""kesuan schools: each a Slurm account, and the tenant of everything else."""

from __future__ import annotations

import click

from portal.commands.house import opened, settings
from portal.people.schools import add_school, list_schools
from portal.store import EVERYONE


@click.group("schools")
def command() -> None:
    """Schools."""


@command.command("add")
@click.argument("slug")
@click.argument("name")
@click.option("--account", required=True, help="The school's account in Slurm.")
def add(slug: str, name: str, account: str) -> None:
    """Add the school SLUG that people call NAME."""
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        click.echo(add_school(session, slug=slug, name=name, slurm_account=account).id)


@command.command("list")
def list_() -> None:
    """List the schools."""
    with opened(settings()) as store, store.reading(EVERYONE) as session:
        for school in list_schools(session):
            click.echo(f"{school.slug}\t{school.slurm_account}\t{school.name}")
