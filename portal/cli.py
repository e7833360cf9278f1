"""The `kesuan` command: its list of commands, each a module that is loaded when it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from portal.commands.failures import Told
from portal.config import DEFAULT_FILE, ENVIRONMENT_VARIABLE

COMMANDS = {
    "serve": "portal.commands.serve",
    "agent": "portal.commands.agent",
    "migrate": "portal.commands.migrate",
    "show-config": "portal.commands.show_config",
    "doctor": "portal.commands.doctor",
    "templates": "portal.commands.templates",
    "data": "portal.commands.data",
    "schools": "portal.commands.schools",
    "people": "portal.commands.people",
    "classes": "portal.commands.classes",
    "seats": "portal.commands.cards",
    "school-data": "portal.commands.school_data",
    "login": "portal.commands.login",
    "tokens": "portal.commands.tokens",
    "submit": "portal.commands.submit",
    "runs": "portal.commands.runs",
    "lessons": "portal.commands.lessons",
    "cancel": "portal.commands.cancel",
    "retry": "portal.commands.retry",
    "results": "portal.commands.results",
    "take-home": "portal.commands.take_home",
}


@click.group(cls=Told, modules=COMMANDS)
@click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=ENVIRONMENT_VARIABLE,
    default=DEFAULT_FILE,
    show_default=True,
    help="Settings file of the portal, for the commands that run beside it.",
)
@click.version_option(package_name="kesuan")
@click.pass_context
def kesuan(context: click.Context, settings: Path) -> None:
    """A class of forty trains on the Slurm that a centre already has."""
    context.obj = settings


def main() -> None:
    """Entry point of the `kesuan` command."""
    sys.exit(kesuan.main() or 0)
