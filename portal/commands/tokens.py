"""kesuan tokens: one's own, and on the portal's machine those of everybody."""

from __future__ import annotations

from pathlib import Path

import click

from portal.commands.audited import written_down
from portal.commands.connected import connected
from portal.commands.connection import Connection
from portal.commands.house import opened, settings
from portal.commands.scoped import scopes_option
from portal.commands.secret import write_private
from portal.commands.speech import said
from portal.commands.table import moment, table
from portal.errors import NotFound
from portal.language import N_
from portal.people import tokens
from portal.people.schools import get_school
from portal.people.scopes import Scope
from portal.store import EVERYONE
from portal.store.tables import Token


@click.group("tokens")
def command() -> None:
    """API tokens: your own; on the portal's machine those of everybody."""


@command.command("list")
@connected
def list_(connection: Connection) -> None:
    """List your own; the secrets themselves are kept nowhere."""
    rows = [
        (
            token["id"],
            token["name"],
            " ".join(token["scopes"]),
            moment(token["ends_at"]),
            moment(token["used_at"]),
        )
        for token in connection.get("/tokens")["items"]
    ]
    click.echo(table(("id", "name", "scopes", "ends", "used"), rows))


@command.command("revoke")
@click.argument("token_id")
@connected
def revoke(connection: Connection, token_id: str) -> None:
    """End one of your own at once."""
    connection.delete(f"/tokens/{token_id}")


@command.command("all")
def all_() -> None:
    """List everybody's, on the portal's machine."""
    with opened(settings()) as store, store.reading(EVERYONE) as session:
        rows = [
            (
                token.id,
                token.user.login,
                token.user.school.slug if token.user.school is not None else None,
                token.name,
                token.scopes,
                moment(token.ends_at),
                moment(token.used_at),
            )
            for token in tokens.every_token(session)
        ]
    click.echo(table(("id", "login", "school", "name", "scopes", "ends", "used"), rows))


@command.command("issue")
@click.argument("school")
@click.argument("name")
@scopes_option
@click.option("--days", type=int, help="How long it lasts; else as long as the site usually gives.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file for the token (mode 600).",
)
def issue(school: str, name: str, scopes: tuple[str, ...], days: int | None, into: Path) -> None:
    """Make a token of SCHOOL's own, called NAME, on the portal's machine."""
    house = settings()
    wish = tokens.Wish(name, days, frozenset(map(Scope, scopes)))
    with opened(house) as store, store.begin(EVERYONE) as session:
        school_id = get_school(session, school).id
        token, secret = tokens.issue_for_school(session, school_id, wish, house.tokens)
        written_down(session, "tokens.issue", f"token {token.id}", school_id)
        # Written before the commit: a token that nobody has is of no use.
        write_private(into, secret + "\n")
    click.echo(said(N_("The token is in {file}.", file=into)))


@command.command("end")
@click.argument("token_id")
def end(token_id: str) -> None:
    """End anybody's at once, on the portal's machine."""
    with opened(settings()) as store, store.begin(EVERYONE) as session:
        token = session.get(Token, token_id)
        if token is None:
            raise NotFound(N_("There is no such token."))
        school_id = token.user.school_id
        tokens.end(session, token)
        written_down(session, "tokens.end", f"token {token_id}", school_id)
