"""Which way to Slurm: the settings say."""

from __future__ import annotations

from portal.config import Slurm
from portal.scheduler.commands import CommandsScheduler, Runner
from portal.scheduler.memory import MemoryScheduler
from portal.scheduler.protocol import Scheduler


def open_scheduler(settings: Slurm) -> Scheduler:
    """The scheduler that the settings name. Opening makes no call."""
    if settings.backend == "memory":
        return MemoryScheduler()
    runner = Runner(settings.bin, settings.conf, settings.command_timeout_s)
    return CommandsScheduler(runner, settings.user)
