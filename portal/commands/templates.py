"""kesuan templates: are the folders of templates good?"""

from __future__ import annotations

from pathlib import Path

import click

from portal.catalog import check_folder
from portal.catalog.catalog import template_folders
from portal.commands.failures import BAD_INPUT
from portal.commands.house import settings
from portal.commands.speech import language, said
from portal.language import N_


@click.group("templates")
def command() -> None:
    """Training templates."""


@command.command("check")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(folders: tuple[Path, ...]) -> None:
    """Report every fault of FOLDERS; without any, of all that the settings name."""
    chosen = list(folders) or template_folders(settings().templates.folders)
    bad = 0
    for folder in chosen:
        faults = check_folder(folder)
        bad += bool(faults)
        for fault in faults:
            click.echo(fault.in_language(language()), err=True)
        if not faults:
            click.echo(said(N_("{folder} is good.", folder=folder)))
    if bad:
        raise click.exceptions.Exit(BAD_INPUT)
