"""kesuan results: take home what a run left, or every seat of a class."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import click

from portal.commands.connected import connected
from portal.commands.connection import Connection
from portal.commands.speech import said
from portal.errors import NotFound, PortalError
from portal.language import N_


@click.command("results")
@click.argument("run", required=False)
@click.option("--class", "school_class", help="Every seat of this class's newest lesson.")
@click.option("--lesson", help="Every seat of this lesson.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to save in; it is made where there is none.",
)
@connected
def command(
    connection: Connection,
    run: str | None,
    school_class: str | None,
    lesson: str | None,
    into: Path,
) -> None:
    """Save every file that RUN left, or the runs of a class, each in a folder of its seat."""
    if sum(given is not None for given in (run, school_class, lesson)) != 1:
        raise click.UsageError(said(N_("Say one of: a run, --class, --lesson.")))
    if run is not None:
        _save(connection, run, into)
        return
    for seat in _lesson(connection, school_class, lesson)["seats"]:
        if seat["run"]:
            _save(connection, seat["run"], into / f"seat-{seat['number']:02}")


def inside(folder: Path, name: str) -> Path:
    """A place below the folder, whatever the portal calls the file."""
    parts = PurePosixPath(name).parts
    if not parts or any(part in ("/", "..") or "\\" in part for part in parts):
        raise PortalError(N_("The portal named a file {name}, which is not saved.", name=name))
    return folder.joinpath(*parts)


def _lesson(connection: Connection, school_class: str | None, lesson: str | None) -> dict[str, Any]:
    if lesson is None:
        found = connection.get(f"/classes/{quote(school_class or '')}")
        newest = connection.get("/lessons", **{"class": found["id"], "limit": 1})["items"]
        if not newest:
            raise NotFound(N_("This class has had no lesson yet."))
        lesson = newest[0]["id"]
    return connection.get(f"/lessons/{lesson}")


def _save(connection: Connection, run: str, into: Path) -> None:
    for artifact in connection.get(f"/runs/{run}/artifacts")["items"]:
        place = inside(into, artifact["name"])
        place.parent.mkdir(parents=True, exist_ok=True)
        size = connection.download(f"/runs/{run}/artifacts/{quote(artifact['name'])}", place)
        click.echo(f"{place}\t{size}")
