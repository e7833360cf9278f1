"""Time passes in the simulation: tasks start when there is room, and end."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.scheduler.memory.machine import Machine, Need
from portal.scheduler.memory.play import Play, Program
from portal.scheduler.protocol import ArrayRequest, TaskStatus
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
    reason: str = "None"
    play: Play | None = None
    machine: Machine | None = None
    gpus: tuple[int, ...] = ()
    started: float | None = None
    ends_at: float = 0.0
    ends_in: str = ""
    ends_by_itself: bool = True
    ended: float | None = None

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
            reason="" if self.reason == "None" else self.reason,
            node=self.machine.name if self.machine else "",
            account=self.request.account,
            submitted=self.submitted,
            eligible=self.submitted,
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


@dataclass(slots=True)
class Simulation:
    """All tasks and nodes at the moment `now`."""

    machines: list[Machine]
    limits: dict[str, int | None] | None
    program: Program
    now: float
    waiting: list[Task] = field(default_factory=list)
    running: list[Task] = field(default_factory=list)
    over: list[Task] = field(default_factory=list)

    def advance(self, to: float) -> None:
        """Let time pass, one event after the other."""
        self._start()
        while self.running:
            first = min(self.running, key=lambda task: task.ends_at)
            if first.ends_at > to:
                break
            self.now = max(self.now, first.ends_at)
            self._end(first, first.ends_in)
            self._start()
        self.now = max(self.now, to)

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
            if task.request.hold:
                task.reason = "JobHeldUser"
            elif self._over_limit(task):
                task.reason = "AssocGrpGRES"
            elif not self._place(task):
                task.reason = "Resources"

    def _over_limit(self, task: Task) -> bool:
        limit = (self.limits or {}).get(task.request.account)
        used = sum(t.need.units for t in self.running if t.request.account == task.request.account)
        return limit is not None and used + task.need.units > limit

    def _place(self, task: Task) -> bool:
        for machine in self.machines:
            gpus = machine.take(task.need)
            if gpus is not None:
                self._run(task, machine, gpus)
                return True
        return False

    def _run(self, task: Task, machine: Machine, gpus: tuple[int, ...]) -> None:
        self.waiting.remove(task)
        self.running.append(task)
        task.machine, task.gpus, task.started = machine, gpus, self.now
        task.base, task.reason = "RUNNING", "None"
        task.play = self.program(task.request, task.number)
        task.ends_at, task.ends_in = self.now + task.play.seconds, task.play.outcome
        bell = self.now + task.request.minutes * 60
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
