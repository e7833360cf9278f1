"""kesuan agent: the one process that talks to Slurm."""

from __future__ import annotations

import click

from portal import agent
from portal.commands.house import settings
from portal.operations import lines


@click.command("agent")
def command() -> None:
    """Start the agent in the foreground. It writes one line for each event to stderr, in UTC."""
    lines.to_stderr()
    agent.main(settings())
