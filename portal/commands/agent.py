"""kesuan agent: the one process that talks to Slurm."""

from __future__ import annotations

import logging
import sys
import time

import click

from portal import agent
from portal.commands.house import settings


@click.command("agent")
def command() -> None:
    """Start the agent in the foreground. It writes one line for each event to stderr, in UTC."""
    line = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format=line, datefmt="%Y-%m-%dT%H:%M:%S"
    )
    agent.main(settings())
