"""Options of every command that talks to a portal over HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from portal.commands.connection import Connection

SERVER = "http://127.0.0.1:8080"


def token_path() -> Path:
    """Where a token is kept unless somebody says otherwise."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "kesuan" / "token"


server_option = click.option(
    "--server", envvar="KESUAN_SERVER", default=SERVER, show_default=True, help="The portal's URL."
)
token_option = click.option(
    "--token-file",
    envvar="KESUAN_TOKEN_FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the API token; by default the one that `kesuan login` wrote.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `Connection` as its first argument, and the options that it takes."""

    @wraps(command)
    def wrapped(server: str, token_file: Path | None, **rest: Any) -> None:
        command(Connection(server, read_token(token_file or token_path())), **rest)

    return server_option(token_option(wrapped))


def read_token(path: Path) -> str | None:
    """The token of a file; None where there is none, and the portal will say so."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
