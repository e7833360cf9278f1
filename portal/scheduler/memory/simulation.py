"""Time passes in the simulation: tasks start when there is room, and end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.scheduler.accounts import Limit
from portal.scheduler.memory.bookings import Bookings
from portal.scheduler.memory.ledger import SHARES, Ledger
from portal.scheduler.memory.machine import Machine, Need
from portal.scheduler.memory.play import Play, Program
from portal.scheduler.protocol import ArrayRequest, SubmittedArray, TaskStatus
from portal.scheduler.reservations import ReservationRequest
from portal.scheduler.states import JobState


@dataclass(slots=True)
class Task:
    """One simulated task. `ends_at` is set while it runs, `ended` once it is over."""

    request: ArrayRequest
    job_id: int
    number: int
    need: Need
    submitted: float
    base: str = "PENDING"
    reason: str = ""
    play: Play | None = None
    machine: Machine | None = None
    gpus: tuple[int, ...] = ()
    started: float | None = None
    ends_at: float = 0.0
    ends_in: str = ""
    ends_by_itself: bool = True
    ended: float | None = None
    expected_start: float | None = None

    @property
    def licenses(self) -> Counter[str]:
        """How many of each licence it takes."""
        return licenses(self.request)

    @property
    def bell(self) -> float:
        """When its time limit ends it, if it started when it did."""
        return (self.started or 0.0) + self.request.minutes * 60

    def status(self) -> TaskStatus:
        """As the protocol shows it."""
        over = self.ended is not None
        words = self.request.gres or ""
        name, _, count = words.rpartition(":")
        return TaskStatus(
            name=self.request.name,
            job_id=self.job_id,
            task=self.number,
            state=JobState(self.base, raw=self.base),
            reason=self.reason,
            node=self.machine.name if self.machine else "",
            account=self.request.account,
            submitted=self.submitted,
            eligible=self.submitted,
            expected_start=self.expected_start if self.base == "PENDING" else None,
            started=self.started,
            ended=self.ended,
            exit_code=self._exit_code() if over else None,
            exit_signal=15 if over and self.base in {"TIMEOUT", "CANCELLED"} else None,
            gres=f"gres/{name}={count}" if words else "",
        )

    def _exit_code(self) -> int:
        if self.base == "FAILED" and self.play is not None:
            return self.play.exit_code
        return 0


def licenses(request: ArrayRequest) -> Counter[str]:
    """What each task takes of the site's licences: "xedu:1,other" as numbers."""
    found: Counter[str] = Counter()
    for part in filter(None, (request.licenses or "").split(",")):
        name, _, count = part.partition(":")
        found[name] += int(count or 1)
    return found


@dataclass(slots=True)
class Simulation:
    """All tasks and nodes at the moment `now`."""

    machines: list[Machine]
    ledger: Ledger
    program: Program
    now: float
    licenses: Counter[str] = field(default_factory=Counter)
    bookings: Bookings = field(default_factory=Bookings)
    waiting: list[Task] = field(default_factory=list)
    running: list[Task] = field(default_factory=list)
    over: list[Task] = field(default_factory=list)

    def advance(self, to: float) -> None:
        """Let time pass, one event after the other."""
        self._start()
        while (moment := self._next_event()) is not None and moment <= to:
            self.now = max(self.now, moment)
            for task in [task for task in self.running if task.ends_at <= moment]:
                self._end(task, task.ends_in)
            self._start()
        self.now = max(self.now, to)

    def chosen(self, array: SubmittedArray, tasks: Sequence[int] | None) -> list[Task]:
        """The tasks of an array that are not over, by number or all; name and id must match."""
        return [
            task
            for task in (*self.running, *self.waiting)
            if task.request.name == array.name
            and task.job_id == array.job_id
            and (tasks is None or task.number in tasks)
        ]

    def free_for(self, request: ReservationRequest) -> list[str]:
        """The nodes on which no work of others would run into that reservation."""
        busy = {
            task.machine.name
            for task in self.running
            if task.machine is not None
            and task.bell > request.starts
            and task.request.reservation != request.name
        }
        return [machine.name for machine in self.machines if machine.name not in busy]

    def _next_event(self) -> float | None:
        """When a task ends, or a reservation begins or ends."""
        booked = (moment for moment in self.bookings.moments(self.now) if moment > self.now)
        return min([*(task.ends_at for task in self.running), *booked], default=None)

    def cancel(self, task: Task) -> None:
        """End a running task; a waiting one vanishes without a record, as in Slurm."""
        if task in self.waiting:
            self.waiting.remove(task)
        elif task in self.running:
            task.ends_by_itself = False
            self._end(task, "CANCELLED")

    def signal(self, task: Task) -> None:
        """Finish now: a task that heeds it ends well soon."""
        if task in self.running and task.play is not None and task.play.heeds_signal:
            self._end_by(task, self.now + task.play.finishing_s, "COMPLETED")

    def _start(self) -> None:
        for task in list(self.waiting):
            task.reason, task.expected_start = self._why_not(task)
            if not task.reason and not self._place(task):
                task.reason = "Resources"
                # As backfill does: when the first of what runs is over at the latest.
                task.expected_start = min((other.bell for other in self.running), default=None)

    def _why_not(self, task: Task) -> tuple[str, float | None]:
        """Why a task waits before anybody looks at nodes, and until when where that is known."""
        if task.request.hold:
            return "JobHeldUser", None
        if limit := self._over_limit(task):
            return limit, None
        used: Counter[str] = Counter()
        for other in self.running:
            used += other.licenses
        if any(used[name] + count > self.licenses[name] for name, count in task.licenses.items()):
            return "Licenses", None
        return self.bookings.why_not(task.request, self.now)

    def _over_limit(self, task: Task) -> str:
        """The limit of the account or the QOS that is reached, in Slurm's word."""
        account = task.request.account
        running = [t for t in self.running if t.request.account == account]
        units = sum(t.need.units for t in running) + task.need.units
        limits = (
            (SHARES, units, "AssocGrpGRES"),
            (Limit("GrpJobs"), len(running) + 1, "AssocGrpJobsLimit"),
            (Limit("MaxJobs"), len(running) + 1, "AssocMaxJobsLimit"),
        )
        for limit, wanted, reason in limits:
            most = self.ledger.limit(account, limit)
            if most is not None and wanted > most:
                return reason
        of_qos = [t for t in self.running if t.request.qos == task.request.qos]
        most = self.ledger.limit_of_qos(task.request.qos)
        if most is not None and sum(t.need.units for t in of_qos) + task.need.units > most:
            return "QOSGrpGRES"
        return ""

    def _place(self, task: Task) -> bool:
        for machine in self.machines:
            if not self.bookings.open_to(task.request, machine.name, self.now):
                continue
            gpus = machine.take(task.need)
            if gpus is not None:
                self._run(task, machine, gpus)
                return True
        return False

    def _run(self, task: Task, machine: Machine, gpus: tuple[int, ...]) -> None:
        self.waiting.remove(task)
        self.running.append(task)
        task.machine, task.gpus, task.started = machine, gpus, self.now
        task.base, task.reason = "RUNNING", ""
        task.play = self.program(task.request, task.number)
        task.ends_at, task.ends_in = self.now + task.play.seconds, task.play.outcome
        bell = task.bell
        early = task.request.signal_before_s
        if early and task.play.heeds_signal:
            self._end_by(task, bell - early + task.play.finishing_s, "COMPLETED")
        if task.ends_at > bell:
            self._end_by(task, bell, "TIMEOUT")
            task.ends_by_itself = False

    def _end_by(self, task: Task, moment: float, outcome: str) -> None:
        if moment < task.ends_at:
            task.ends_at, task.ends_in = moment, outcome

    def _end(self, task: Task, outcome: str) -> None:
        self.running.remove(task)
        self.over.append(task)
        task.base, task.ended = outcome, self.now
        if task.machine is not None:
            task.machine.give_back(task.need, task.gpus)
        if task.ends_by_itself and task.play is not None and task.play.at_end is not None:
            task.play.at_end()
