"""What a token may be used for, as an option."""

from __future__ import annotations

import click

from portal.people.scopes import Scope

scopes_option = click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[scope.value for scope in Scope],
    show_default="all of them",
    help="What the token may be used for; may be repeated.",
)
