"""Options of every command that talks to a portal over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from portal.commands.connection import Connection
from portal.commands.portals import last_portal, read_token, token_path

server_option = click.option(
    "--server",
    envvar="KESUAN_SERVER",
    default=last_portal,
    show_default="the one logged in to last",
    help="The portal's URL.",
)
token_option = click.option(
    "--token-file",
    envvar="KESUAN_TOKEN_FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the API token; by default the one that `kesuan login` wrote for the portal.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `Connection` as its first argument, and the options that it takes."""

    @wraps(command)
    def wrapped(server: str, token_file: Path | None, **rest: Any) -> None:
        command(Connection(server, read_token(token_file or token_path(server))), **rest)

    return server_option(token_option(wrapped))
