"""kesuan serve: the web process."""

from __future__ import annotations

import os
import sys

import click

from portal.commands.house import settings
from portal.config import ENVIRONMENT_VARIABLE

GUNICORN = ("-m", "gunicorn", "--config", "python:portal.gunicorn_conf", "portal.wsgi:application")


@click.command("serve")
def command() -> None:
    """Start the web process (gunicorn) in the foreground."""
    # A bad file is told here, whole, and not in gunicorn's traceback.
    settings()
    path = click.get_current_context().find_root().obj
    environment = {**os.environ, ENVIRONMENT_VARIABLE: str(path)}
    os.execve(sys.executable, [sys.executable, *GUNICORN], environment)  # noqa: S606 - no shell is meant
