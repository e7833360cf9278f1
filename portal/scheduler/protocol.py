"""What the portal asks of a scheduler, and the plain data that goes both ways.

Every time is in seconds since the epoch, UTC. The identity of an array job is its name (a batch's
UUID) and never its id alone: after a crash of the controller ids are given out again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from portal.scheduler.accounts import AccountStatus, AccountWish, Change
from portal.scheduler.qos import QosStatus, QosWish
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.site import Site
from portal.scheduler.states import JobState

NO_ARRAY = -1
"""The `task` of a job that is not an array, and of the one record that Slurm may keep for all tasks
of an array that were cancelled while they waited. Of single ones it keeps none."""


@dataclass(frozen=True, slots=True)
class ArrayRequest:
    """One array job: tasks 0 to `tasks` - 1, all asking for the same.

    `licenses` is what each task takes of the site's licences: "matlab:1", several with commas.
    `partition` may name several with commas: each task gets the first in which it can start.
    """

    name: str
    tasks: int
    script: Path
    workdir: Path
    output: str
    account: str
    cpus: int
    memory_mb: int
    minutes: int
    partition: str | None = None
    qos: str | None = None
    reservation: str | None = None
    gres: str | None = None
    licenses: str | None = None
    signal_before_s: int = 0
    concurrent: int | None = None
    hold: bool = False


@dataclass(frozen=True, slots=True)
class SubmittedArray:
    """An array job that Slurm has taken."""

    name: str
    job_id: int


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task of an array job, as Slurm sees it.

    `reason` is Slurm's raw word ("" for none), `node` is "" while there is none, and `gres` is
    what is allocated or, while it waits, asked for ("gres/shard=1").
    """

    name: str
    job_id: int
    task: int
    state: JobState
    reason: str = ""
    node: str = ""
    account: str = ""
    submitted: float | None = None
    eligible: float | None = None
    expected_start: float | None = None
    started: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    gres: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the controller knew of the service user's tasks at one moment.

    Absence never means that a task has ended: the controller forgets (MinJobAge). And where
    `unreadable` has rows, absence means nothing at all.
    """

    taken_at: float
    tasks: tuple[TaskStatus, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every row of the answer was understood."""
        return not self.unreadable

    def by_task(self) -> dict[tuple[str, int], TaskStatus]:
        """Tasks by name and number; of two the one that was submitted last."""
        found: dict[tuple[str, int], TaskStatus] = {}
        for status in sorted(self.tasks, key=lambda s: s.submitted or 0.0):
            found[status.name, status.task] = status
        return found


@dataclass(frozen=True, slots=True)
class GresCount:
    """How many of one generic resource a node has and how many are in use.

    `devices` is (used, total) for each GPU where this Slurm tells, else empty.
    """

    name: str
    type: str
    total: int
    used: int = 0
    devices: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node's base state and flags ("MIXED", {"DRAIN"})."""

    base: str
    flags: frozenset[str] = frozenset()

    @property
    def usable(self) -> bool:
        """New work can start on it now or when running work ends."""
        return self.base in _WORKING and not self.flags & _CLOSED

    def __str__(self) -> str:
        return "+".join([self.base, *sorted(self.flags)])


_WORKING = frozenset({"IDLE", "MIXED", "ALLOCATED"})
_CLOSED = frozenset(
    {
        "DRAIN",
        "FAIL",
        "INVAL",
        "INVALID_REG",
        "MAINTENANCE",
        "NOT_RESPONDING",
        "POWERED_DOWN",
        "POWERING_DOWN",
        "POWER_DOWN",
        "REBOOT_ISSUED",
        "REBOOT_REQUESTED",
    }
)


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node with what it has and what of it is in use."""

    name: str
    state: NodeState
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int
    gres: tuple[GresCount, ...] = ()
    reason: str = ""
    partitions: tuple[str, ...] = ()


class Scheduler(Protocol):
    """What every way to Slurm can do; all of it raises `SchedulerError` and nothing else.

    What one way cannot do at all raises `Unsupported` there. Reservations and accounts are
    changed by an operator of Slurm's only; for others they raise `NotPermitted`.
    """

    def submit(self, request: ArrayRequest) -> SubmittedArray:
        """Hand over one array job.

        `Rejected` and `Unavailable` mean that nothing happened, `Ambiguous` that it may have.
        """

    def cancel(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        """End these tasks (all: None). Tasks that have ended or are gone are no error.

        Name and id must both match, so an id that was given out again harms nobody.
        """

    def signal(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        """Tell the batch process of these running tasks to finish now (SIGUSR1)."""

    def change_qos(self, array: SubmittedArray, tasks: Sequence[int], qos: str) -> None:
        """Let these tasks go on waiting under another QOS. Those that wait no more are no error.

        Name and id must both match. `NotPermitted` where the QOS is not open to their account.
        """

    def alive(self) -> Snapshot:
        """All tasks of the service user that the controller remembers, in one query."""

    def find(self, name: str) -> list[TaskStatus]:
        """The tasks of one array; [] only if Slurm answered and knows none."""

    def history(self, names: Collection[str], since: float) -> list[TaskStatus]:
        """What accounting holds of these arrays: the newest record of each task."""

    def nodes(self) -> list[NodeStatus]:
        """Every node with its GRES, configured and in use."""

    def reservations(self) -> list[Reservation]:
        """Every reservation that is there now or will be."""

    def reserve(self, request: ReservationRequest) -> Reservation:
        """Make a reservation. One that is there already and grants the same is no error.

        `Rejected` if Slurm cannot grant all of it, or the name stands for something else; then
        nothing is kept free.
        """

    def change_reservation(self, request: ReservationRequest) -> Reservation:
        """Make the reservation of that name be this; `Rejected` if there is none.

        Flags stay as they are, and so do accounts or users where the request names none.
        """

    def delete_reservation(self, name: str) -> None:
        """End a reservation. One that is gone is no error; one in which jobs run is `Rejected`."""

    def accounts(self) -> list[AccountStatus]:
        """Every account, its limits, and whether the service user may use it."""

    def apply_account(self, wish: AccountWish) -> tuple[Change, ...]:
        """Make an account be as it is wished, and tell what was changed: () if it was so already.

        An account that is not there is made. After an error some of the changes may be done;
        doing it again does the rest.
        """

    def delete_account(self, name: str) -> None:
        """Take away an account of this cluster with all its users. One that is gone is no error.

        `Rejected` while jobs of it are there, or accounts below it.
        """

    def qos(self) -> list[QosStatus]:
        """Every QOS that there is."""

    def apply_qos(self, wish: QosWish) -> tuple[Change, ...]:
        """Make a QOS be as it is wished, and tell what was changed: () if it was so already.

        One that is not there is made.
        """

    def site(self) -> Site:
        """The controller's own configuration."""

    def version(self) -> str:
        """The version of the way to Slurm; needs no controller."""

    def way(self) -> str:
        """By what Slurm is reached, with versions, for staff; needs no controller."""

    def ping(self) -> None:
        """Raise `Unavailable` unless the controller answers."""
