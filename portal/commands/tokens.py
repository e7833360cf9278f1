"""kesuan tokens: one's own API tokens."""

from __future__ import annotations

import click

from portal.commands.connected import connected
from portal.commands.connection import Connection
from portal.commands.table import moment, table


@click.group("tokens")
def command() -> None:
    """Your own API tokens."""


@command.command("list")
@connected
def list_(connection: Connection) -> None:
    """List them; the secrets themselves are kept nowhere."""
    rows = [
        (token["id"], token["name"], moment(token["ends_at"]), moment(token["used_at"]))
        for token in connection.get("/tokens")["items"]
    ]
    click.echo(table(("id", "name", "ends", "used"), rows))


@command.command("revoke")
@click.argument("token_id")
@connected
def revoke(connection: Connection, token_id: str) -> None:
    """End one at once."""
    connection.delete(f"/tokens/{token_id}")
