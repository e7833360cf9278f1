"""kesuan agent: the one process that talks to Slurm."""

from __future__ import annotations

import click

from portal import agent
from portal.commands.house import settings


@click.command("agent")
def command() -> None:
    """Start the agent in the foreground."""
    agent.main(settings())
