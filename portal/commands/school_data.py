"""kesuan school-data: delete what children left, see the receipts, take a class home."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from portal.catalog import Catalog
from portal.commands.audited import written_down
from portal.commands.connected import json_option
from portal.commands.house import opened, settings
from portal.commands.speech import language, said
from portal.commands.table import moment, table
from portal.errors import NotFound
from portal.language import N_
from portal.people.classes import class_of_school, classes_of_school
from portal.people.schools import get_school
from portal.people.viewer import Role, Viewer
from portal.privacy import erasures
from portal.privacy.takehome import archive, pack
from portal.store import EVERYONE
from portal.store.tables import Erasure, SchoolClass, Seat

# Whoever may read the settings and the database may do all that the centre's staff may.
CENTRE = Viewer(user_id="command", login="command", name="command", role=Role.STAFF)


@click.group("school-data")
def command() -> None:
    """What children left behind: delete it, with a receipt; take it home."""


@command.command("delete")
@click.argument("kind", type=click.Choice(list(erasures.KINDS)))
@click.argument("which")
@click.option("--yes", is_flag=True, help="Ask nothing.")
def delete(kind: str, which: str, yes: bool) -> None:
    """Have something deleted by the agent; its receipt's id is printed.

    WHICH is an id; a school's slug; for a class SCHOOL/CLASS, for a seat SCHOOL/CLASS/NUMBER.
    """
    with opened(settings()) as store:
        with store.reading(EVERYONE) as session:
            subject = erasures.subject_of(session, CENTRE, kind, _id_of(session, kind, which))
        if not yes:
            click.confirm(said(N_("Delete {name} for ever?", name=subject.name)), abort=True)
        with store.begin(EVERYONE) as session:
            asked = erasures.ask(session, CENTRE, kind, subject.id).id
            thing = f"{subject.kind} {subject.id}"
            written_down(session, "school-data.delete", thing, subject.school_id)
        click.echo(asked)


@command.command("receipts")
@click.argument("school", required=False)
@json_option
def receipts(school: str | None, as_json: bool) -> None:
    """List what was deleted and what is being deleted, of one SCHOOL or of all."""
    with opened(settings()) as store, store.reading(EVERYONE) as session:
        school_id = get_school(session, school).id if school else None
        found = erasures.erasures(session, CENTRE, school_id)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found]))
        return
    head = ("ID", "KIND", "STATE", "ASKED", "DONE", "ROWS", "FILES", "BYTES", "LEFT")
    rows = [
        (
            *(each.id, each.kind, each.state, moment(each.asked_at), moment(each.done_at)),
            *(sum(each.rows.values()), each.files, each.bytes, each.left),
        )
        for each in found
    ]
    click.echo(table(head, rows))


@command.command("receipt")
@click.argument("erasure")
def receipt(erasure: str) -> None:
    """Print one receipt as JSON: rows by table, files, bytes, and what was left."""
    with opened(settings()) as store, store.reading(EVERYONE) as session:
        click.echo(json.dumps(_plain(erasures.get_erasure(session, CENTRE, erasure)), indent=2))


@command.command("take-home")
@click.argument("which", metavar="SCHOOL[/CLASS]")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The zip file to make.",
)
def take_home(which: str, into: Path) -> None:
    """Save all of a school or of a class: data, results, models, and a page that shows them."""
    house = settings()
    with opened(house) as store, store.reading(EVERYONE) as session:
        slug, _, class_slug = which.partition("/")
        school = get_school(session, slug)
        if class_slug:
            classes = [class_of_school(session, school, class_slug)]
        else:
            classes = classes_of_school(session, school)
        title = classes[0].name if class_slug else school.name
        catalog = Catalog(house.templates.folders)
        parcel = pack(session, house, catalog, classes, title, language(), time.time())
        about = f"class {classes[0].id}" if class_slug else f"school {school.id}"
    with opened(house) as store, store.begin(EVERYONE) as session:
        written_down(session, "school-data.take-home", about, school.id)
    with _whole(into) as draft, draft.open("wb") as file:
        for chunk in archive(house.data.root, parcel):
            file.write(chunk)
    click.echo(f"{into}\t{into.stat().st_size}")


@contextmanager
def _whole(into: Path) -> Iterator[Path]:
    """A place to write to; it becomes the file when all is written, and leaves nothing else."""
    draft = into.with_name(f".{into.name}.part")
    try:
        yield draft
        draft.replace(into)
    finally:
        draft.unlink(missing_ok=True)


def _id_of(session: Session, kind: str, which: str) -> str:
    """The id of what somebody calls by names; an id is one already. Raises `NotFound`."""
    slug, *rest = which.split("/")
    if kind == "school":
        return get_school(session, slug).id
    if not rest:
        return which
    found = class_of_school(session, get_school(session, slug), rest[0])
    if kind == "class" and len(rest) == 1:
        return found.id
    if kind == "seat" and len(rest) == 2 and rest[1].isdecimal():
        return _seat(found, int(rest[1])).id
    raise NotFound(N_("There is no such thing to delete."))


def _seat(school_class: SchoolClass, number: int) -> Seat:
    for seat in school_class.seats:
        if seat.number == number:
            return seat
    raise NotFound(N_("There is no such seat."))


def _plain(erasure: Erasure) -> dict[str, Any]:
    names = ("id", "kind", "subject", "why", "state", "asked_by", "asked_at", "done_at")
    sizes = ("rows", "files", "bytes", "left")
    return {name: getattr(erasure, name) for name in (*names, *sizes)}
