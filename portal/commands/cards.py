"""kesuan seats: the cards by which pupils come in, made on the portal's own machine."""

from __future__ import annotations

from pathlib import Path

import click

from portal.commands.audited import written_down
from portal.commands.house import opened, settings
from portal.commands.secret import write_private
from portal.commands.speech import said
from portal.language import N_
from portal.people import card_sheet, cards, codes
from portal.people.classes import class_of_school
from portal.people.schools import get_school
from portal.store import EVERYONE


@click.group("seats")
def command() -> None:
    """Seats, and the cards on them."""


@command.command("cards")
@click.argument("school")
@click.argument("class_slug", metavar="CLASS")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The PDF (mode 600), to print and cut out.",
)
@click.option(
    "--server",
    envvar="KESUAN_SERVER",
    required=True,
    help="Address of the portal as pupils open it, for the QR codes.",
)
@click.option("--seat", "numbers", type=int, multiple=True, help="Only this seat; may be repeated.")
@click.option("--yes", is_flag=True, help="Do not ask whether cards of before may stop.")
def deal(
    school: str,
    class_slug: str,
    into: Path,
    server: str,
    numbers: tuple[int, ...],
    yes: bool,
) -> None:
    """Make new PINs for the seats of SCHOOL's CLASS, and cards with them.

    The cards that were printed before stop working.
    """
    with opened(settings()) as store:
        with store.begin(EVERYONE) as session:
            found = class_of_school(session, get_school(session, school), class_slug)
            wanted = cards.chosen(found, numbers or None)
            code = codes.of(session, found)
            dealt = any(seat.dealt_at for seat in found.seats if seat.number in set(wanted))
        if dealt and not yes:
            click.confirm(
                said(N_("The cards that were printed before stop working. Go on?")), abort=True
            )
        deck = cards.shuffle(found.name, code, wanted)
        content = card_sheet.sheet(deck.pack, server.rstrip("/"))
        with store.begin(EVERYONE) as session:
            school_class = class_of_school(session, get_school(session, school), class_slug)
            cards.deal(session, school_class, deck)
            written_down(session, "seats.cards", f"class {school_class.id}", school_class.school_id)
            # Written before the commit: PINs that nobody has are of no use.
            write_private(into, content)
    click.echo(said(N_("{count} cards are in {file}.", count=len(wanted), file=into)))
