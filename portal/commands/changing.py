"""The same change to several runs, or to all of a lesson."""

from __future__ import annotations

import uuid

import click

from portal.commands.connection import Connection
from portal.commands.speech import said
from portal.language import N_


def change(
    connection: Connection, verb: str, runs: tuple[str, ...], lesson: str | None, *, keyed: bool
) -> None:
    """Ask the portal, and print the id and state of every run that changed."""
    if bool(runs) == bool(lesson):
        raise click.UsageError(said(N_("Give runs, or --lesson, and not both.")))
    changed = 0
    paths = [f"/lessons/{lesson}"] if lesson else [f"/runs/{run}" for run in runs]
    for path in paths:
        key = str(uuid.uuid4()) if keyed else None
        for run in connection.post(f"{path}/{verb}", key=key)["changed"]:
            click.echo(f"{run['id']}\t{run['state']}")
            changed += 1
    if not changed:
        click.echo(said(N_("There was nothing to change.")), err=True)
