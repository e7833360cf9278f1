"""Which way to Slurm: the settings say, or what is found on this host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.config import Slurm
from portal.language import N_, Message
from portal.scheduler.commands import CommandsScheduler, Runner
from portal.scheduler.memory import MemoryScheduler
from portal.scheduler.protocol import Scheduler
from portal.scheduler.pyslurm import PyslurmScheduler, fitting
from portal.scheduler.rest import RestScheduler


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend, and why it is that one."""

    backend: str
    reason: Message


def choice(settings: Slurm) -> Choice:
    """The backend that is used. `auto` may start a process or two, and asks no controller."""
    if settings.backend != "auto":
        return Choice(settings.backend, N_("the settings say so"))
    fit = fitting(settings)
    return Choice("pyslurm" if fit.fits else "commands", fit.reason)


def open_scheduler(settings: Slurm) -> Scheduler:
    """The scheduler that is chosen. Opening asks no controller."""
    return _OPENERS[choice(settings).backend](settings)


def _commands(settings: Slurm) -> CommandsScheduler:
    runner = Runner(settings.bin, settings.conf, settings.command_timeout_s)
    return CommandsScheduler(runner, settings.user)


_OPENERS: Mapping[str, Callable[[Slurm], Scheduler]] = {
    "commands": _commands,
    "pyslurm": PyslurmScheduler.from_settings,
    "rest": RestScheduler.from_settings,
    "memory": lambda _: MemoryScheduler(),
}
