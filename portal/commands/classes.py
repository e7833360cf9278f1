"""kesuan classes: a class, its seats, and the slips of paper that lie on them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click

from portal.commands.audited import written_down
from portal.commands.house import opened, settings
from portal.commands.secret import write_private
from portal.commands.speech import said
from portal.language import N_
from portal.people.classes import SeatCredential, add_class
from portal.people.schools import get_school
from portal.store import EVERYONE


@click.group("classes")
def command() -> None:
    """Classes and their seats."""


@command.command("add")
@click.argument("school")
@click.argument("slug")
@click.argument("name")
@click.option("--seats", type=int, default=40, show_default=True)
@click.option(
    "--credentials",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file (mode 600) for the logins of the seats; else they are printed.",
)
def add(school: str, slug: str, name: str, seats: int, credentials: Path | None) -> None:
    """Add to SCHOOL the class SLUG that people call NAME, with a login for each seat."""
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        made, slips = add_class(
            session, get_school(session, school), slug=slug, name=name, seats=seats
        )
        written_down(session, "classes.add", f"class {made.id}", made.school_id)
        # Written before the commit: a class whose passwords nobody has is of no use.
        if credentials is not None:
            write_private(credentials, _csv(slips))
    if credentials is None:
        click.echo(_csv(slips), nl=False)
    else:
        click.echo(
            said(N_("The logins of {seats} seats are in {file}.", seats=seats, file=credentials))
        )


def _csv(slips: list[SeatCredential]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["seat", "login", "password"])
    writer.writerows([slip.number, slip.login, slip.password] for slip in slips)
    return out.getvalue()
