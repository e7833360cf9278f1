"""Is there a pyslurm here that goes with this Slurm?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec

from portal.config import Slurm
from portal.language import N_, Message
from portal.scheduler.commands import CommandsScheduler, Runner
from portal.scheduler.commands.runner import NoAnswer
from portal.scheduler.errors import Unavailable
from portal.scheduler.pyslurm.keeper import Keeper


@dataclass(frozen=True, slots=True)
class Fit:
    """Yes or no, and why."""

    fits: bool
    reason: Message


def fitting(settings: Slurm) -> Fit:
    """Ask a worker which pyslurm it has, and sbatch which Slurm is here; no controller is asked.

    Looking costs nothing where no pyslurm is installed.
    """
    if settings.pyslurm is None and find_spec("pyslurm") is None:
        return Fit(False, N_("no pyslurm is installed beside the portal"))
    runner = Runner(settings.bin, settings.conf, settings.command_timeout_s)
    try:
        here = CommandsScheduler(runner, settings.user).version()
        with closing(Keeper.of(runner, settings.pyslurm)) as keeper:
            found = keeper.greeting()
    except Unavailable as silence:
        return Fit(False, N_("Slurm's version is not known: {words}", words=silence.words))
    except NoAnswer as silence:
        return Fit(False, N_("pyslurm does not start: {words}", words=silence.words))
    versions = {"release": found.pyslurm, "built": found.slurm, "here": here}
    if _release(found.slurm) != _release(here):
        return Fit(
            False, N_("pyslurm {release} is built for Slurm {built}, here is {here}", **versions)
        )
    return Fit(True, N_("pyslurm {release} fits Slurm {here}", **versions))


def _release(version: str) -> list[str]:
    """22.05 of 22.05.8: what two parts of Slurm must have in common."""
    return version.split(".")[:2]
