"""The backend over Slurm's commands."""

from portal.scheduler.commands.backend import CommandsScheduler
from portal.scheduler.commands.runner import Runner

__all__ = ["CommandsScheduler", "Runner"]
