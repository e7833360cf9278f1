"""kesuan results: take home what a run left."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote

import click

from portal.commands.connected import connected
from portal.commands.connection import Connection
from portal.errors import PortalError
from portal.language import N_


@click.command("results")
@click.argument("run")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to save in; it is made where there is none.",
)
@connected
def command(connection: Connection, run: str, into: Path) -> None:
    """Save every file that RUN left."""
    for artifact in connection.get(f"/runs/{run}/artifacts")["items"]:
        place = inside(into, artifact["name"])
        place.parent.mkdir(parents=True, exist_ok=True)
        size = connection.download(f"/runs/{run}/artifacts/{quote(artifact['name'])}", place)
        click.echo(f"{place}\t{size}")


def inside(folder: Path, name: str) -> Path:
    """A place below the folder, whatever the portal calls the file."""
    parts = PurePosixPath(name).parts
    if not parts or any(part in ("/", "..") or "\\" in part for part in parts):
        raise PortalError(N_("The portal named a file {name}, which is not saved.", name=name))
    return folder.joinpath(*parts)
