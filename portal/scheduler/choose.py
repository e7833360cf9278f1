"""Which way to Slurm: the settings say, or what is found on this host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.config import Slurm
from portal.language import N_, Message
from portal.scheduler.protocol import Scheduler

# A backend is imported when it is opened: nobody uses two, and the process that holds pyslurm,
# which is started again where it ended, needs none of them.


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend, and why it is that one."""

    backend: str
    reason: Message


def choice(settings: Slurm) -> Choice:
    """The backend that is used. `auto` may start a process or two, and asks no controller."""
    if settings.backend != "auto":
        return Choice(settings.backend, N_("the settings say so"))
    from portal.scheduler.pyslurm import fitting

    fit = fitting(settings)
    return Choice("pyslurm" if fit.fits else "commands", fit.reason)


def open_scheduler(settings: Slurm) -> Scheduler:
    """The scheduler that is chosen. Opening asks no controller."""
    return _OPENERS[choice(settings).backend](settings)


def _commands(settings: Slurm) -> Scheduler:
    from portal.scheduler.commands import CommandsScheduler, Runner

    runner = Runner(settings.bin, settings.conf, settings.command_timeout_s)
    return CommandsScheduler(runner, settings.user)


def _pyslurm(settings: Slurm) -> Scheduler:
    from portal.scheduler.pyslurm import PyslurmScheduler

    return PyslurmScheduler.from_settings(settings)


def _rest(settings: Slurm) -> Scheduler:
    from portal.scheduler.rest import RestScheduler

    return RestScheduler.from_settings(settings)


def _memory(_: Slurm) -> Scheduler:
    from portal.scheduler.memory import MemoryScheduler

    return MemoryScheduler()


_OPENERS: Mapping[str, Callable[[Slurm], Scheduler]] = {
    "commands": _commands,
    "pyslurm": _pyslurm,
    "rest": _rest,
    "memory": _memory,
}
