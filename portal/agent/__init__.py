"""The only process that talks to Slurm: small loops over the rooms, one poll for everybody."""

from portal.agent.main import main

__all__ = ["main"]
