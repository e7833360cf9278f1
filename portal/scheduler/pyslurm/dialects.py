"""In what the releases of pyslurm differ, as far as the portal uses them.

Read in the source of v22.5.3, v24.11.0 and v25.11.2 (https://github.com/PySlurm/pyslurm/tags).
In all three the portal uses `Jobs.load`, the attributes in `wire.TASK_FIELDS`,
`JobSubmitDescription`, `slurmctld.Config.load`, `slurm_api_version` and `RPCError`, and in all
three they have the same names and mean the same, but for what is here.

A release works with the Slurm of its own number and no other; see docs/pyslurm.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Description = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One release of pyslurm: the Slurm that it is made for, and how a job is described to it."""

    slurm: str
    description: Callable[[ModuleType], Description]


class UnknownRelease(Exception):
    """A pyslurm that the portal has not been held against."""


def _as_it_is(pyslurm: ModuleType) -> Description:
    description: Description = pyslurm.JobSubmitDescription
    return description


def _with_its_signal(pyslurm: ModuleType) -> Description:
    """22.5 can set the signal before the time limit, and forgets to (mended in 24.11).

    `_create_job_submit_desc` calls every `_set_…` but `_set_signal`. The last one that it calls is
    `_set_min_cpus`, so the signal goes along with that.
    """

    class Description(pyslurm.JobSubmitDescription):  # type: ignore[misc, name-defined]
        def _set_min_cpus(self) -> None:
            super()._set_min_cpus()
            self._set_signal()

    return Description


DIALECTS: Mapping[str, Dialect] = {
    "22.5": Dialect("22.05", _with_its_signal),
    "24.11": Dialect("24.11", _as_it_is),
    "25.11": Dialect("25.11", _as_it_is),
}


def dialect_of(release: str) -> Dialect:
    """The dialect of "22.5.3"; raises `UnknownRelease`."""
    number = ".".join(release.split(".")[:2])
    try:
        return DIALECTS[number]
    except KeyError:
        known = ", ".join(DIALECTS)
        raise UnknownRelease(f"pyslurm {release}; the portal knows {known}") from None
