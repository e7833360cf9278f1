"""kesuan login: a token for the commands that talk to a portal."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from portal.commands.connected import server_option, token_option
from portal.commands.connection import Connection
from portal.commands.failures import Refused
from portal.commands.portals import read_token, remember, token_path
from portal.commands.scoped import scopes_option
from portal.commands.secret import password_file, read_password, write_private
from portal.commands.speech import said
from portal.language import N_


@click.command("login")
@click.argument("login")
@server_option
@token_option
@password_file
@scopes_option
@click.option("--days", type=int, help="How long it lasts; else as long as the site usually gives.")
def command(
    login: str,
    server: str,
    token_file: Path | None,
    file: Path | None,
    scopes: tuple[str, ...],
    days: int | None,
) -> None:
    """Get an API token for LOGIN and keep it in a file that only you can read.

    Each portal has a token of its own. Later commands mean the portal that was logged in to last.
    """
    path = token_file or token_path(server)
    before = read_token(path)
    body = {
        "login": login,
        "password": read_password(file),
        "name": f"kesuan login, {socket.gethostname()}"[:80],
        "days": days,
        "scopes": list(scopes),
    }
    made = Connection(server, None).post("/tokens", body)
    write_private(path, made["token"] + "\n")
    if token_file is None:
        remember(server)
    if before:
        _forget(Connection(server, before))
    click.echo(said(N_("Logged in. The token is in {file}.", file=path)))


def _forget(connection: Connection) -> None:
    """Revoke the token that was replaced. One that is no good any more has nothing to revoke."""
    try:
        connection.delete("/tokens/current")
    except Refused:
        return
