"""A scheduler that is only a simulation: for tests, and for trying the portal without Slurm.

It keeps the protocol's promises and Slurm's bad habits: it forgets ended tasks after
`MIN_JOB_AGE_S`, a waiting task that is cancelled leaves no record, and it can be told to be
silent, or to accept a submission and let the answer be lost.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from portal.scheduler import orders
from portal.scheduler.accounts import AccountStatus, AccountWish, Change
from portal.scheduler.checks import check_request, checked_qos, checked_reservation
from portal.scheduler.errors import (
    Ambiguous,
    ChangeRefused,
    NoOperator,
    SchedulerError,
    Unavailable,
    Unsupported,
)
from portal.scheduler.memory.admission import MAX_ARRAY_SIZE, admitted, not_let_in
from portal.scheduler.memory.bookings import USER
from portal.scheduler.memory.ledger import Ledger
from portal.scheduler.memory.machine import Machine
from portal.scheduler.memory.play import Program, five_seconds
from portal.scheduler.memory.simulation import Simulation, Task
from portal.scheduler.protocol import ArrayRequest, NodeStatus, Snapshot, SubmittedArray, TaskStatus
from portal.scheduler.qos import QosStatus, QosWish
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.site import Site

MIN_JOB_AGE_S = 300


class MemoryScheduler:
    """`Scheduler` in memory, on a clock that a test may turn by hand.

    `accounts` maps an account to its limit in units of GPUs (None: no limit); without it every
    account is open. `operator`: the service user may change reservations and accounts. `calls`
    counts what was asked, by method. `booted_at` is when the controller says that it was started.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        *,
        nodes: int = 4,
        gpus: int = 2,
        units_per_gpu: int = 8,
        cpus: int = 64,
        memory_mb: int = 128_000,
        accounts: Mapping[str, int | None] | None = None,
        licenses: Mapping[str, int] | None = None,
        operator: bool = True,
        program: Program = five_seconds,
    ) -> None:
        self._clock = clock
        machines = [
            Machine(f"m{number}", cpus, memory_mb, gpus, units_per_gpu)
            for number in range(1, nodes + 1)
        ]
        self._simulation = Simulation(
            machines, Ledger.of(accounts), program, clock(), Counter(licenses or {})
        )
        self.operator = operator
        self.booted_at: float | None = clock()
        self._next_id = 1
        self._forgotten: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.unavailable = False
        self.accounting_unavailable = False
        self._lost_answers: list[bool] = []
        self._refusals: list[SchedulerError] = []

    # What a test can do to it.

    def lose_answer(self, *, accepted: bool) -> None:
        """The next submission raises `Ambiguous`, whether it was accepted or not."""
        self._lost_answers.append(accepted)

    def refuse(self, error: SchedulerError) -> None:
        """The next submission raises this."""
        self._refusals.append(error)

    def forget(self, name: str) -> None:
        """The controller no longer knows these tasks; accounting does if they have ended."""
        self._now()
        self._forgotten.add(name)

    def crash(self, name: str) -> None:
        """The controller died before it saved its state: this array never was, its id is free."""
        simulation = self._now()
        for task in [t for t in simulation.running if t.request.name == name]:
            task.ends_by_itself = False
            simulation.cancel(task)
        for tasks in (simulation.waiting, simulation.over):
            tasks[:] = [task for task in tasks if task.request.name != name]
        self.booted_at = simulation.now
        alive = [t.job_id for t in (*simulation.waiting, *simulation.running, *simulation.over)]
        self._next_id = max(alive, default=0) + 1

    # The protocol.

    def submit(self, request: ArrayRequest) -> SubmittedArray:
        simulation = self._now("submit")
        check_request(request)
        if self._refusals:
            raise self._refusals.pop(0)
        if self._lost_answers and not self._lost_answers[0]:
            self._lost_answers.pop(0)
            raise Ambiguous("simulated: the request was lost")
        need = admitted(simulation, request)
        array = SubmittedArray(request.name, self._next_id)
        self._next_id += request.tasks
        simulation.waiting += [
            Task(request, array.job_id, number, need, simulation.now)
            for number in range(request.tasks)
        ]
        simulation.advance(simulation.now)
        if self._lost_answers:
            self._lost_answers.pop(0)
            raise Ambiguous("simulated: the answer was lost")
        return array

    def cancel(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        simulation = self._now("cancel")
        for task in simulation.chosen(array, tasks):
            simulation.cancel(task)
        simulation.advance(simulation.now)

    def signal(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        simulation = self._now("signal")
        for task in simulation.chosen(array, tasks):
            simulation.signal(task)

    def change_qos(self, array: SubmittedArray, tasks: Sequence[int], qos: str) -> None:
        simulation = self._now("change_qos")
        checked_qos(qos)
        for task in simulation.chosen(array, tasks):
            if task in simulation.waiting:
                if not simulation.ledger.opens(task.request.account, qos):
                    raise not_let_in("Invalid qos specification")
                task.request = replace(task.request, qos=qos)
        simulation.advance(simulation.now)

    def alive(self) -> Snapshot:
        simulation = self._now("alive")
        return Snapshot(simulation.now, tuple(task.status() for task in self._remembered()))

    def find(self, name: str) -> list[TaskStatus]:
        self._now("find")
        return [task.status() for task in self._remembered() if task.request.name == name]

    def history(self, names: Collection[str], since: float) -> list[TaskStatus]:
        simulation = self._now("history")
        if self.accounting_unavailable:
            raise Unavailable("simulated: accounting does not answer")
        return [
            task.status()
            for task in (*simulation.running, *simulation.over)
            if task.request.name in names and (task.ended is None or task.ended >= since)
        ]

    def nodes(self) -> list[NodeStatus]:
        return [machine.status() for machine in self._now("nodes").machines]

    def reservations(self) -> list[Reservation]:
        simulation = self._now("reservations")
        return simulation.bookings.at(simulation.now)

    def reserve(self, request: ReservationRequest) -> Reservation:
        def create(wanted: ReservationRequest) -> None:
            self._keep(wanted)

        return orders.reserve(request, self.reservations, create, self.delete_reservation)

    def change_reservation(self, request: ReservationRequest) -> Reservation:
        def update(before: Reservation, wanted: ReservationRequest) -> None:
            accounts, users = wanted.accounts or before.accounts, wanted.users or before.users
            flags = tuple(before.flags)
            self._keep(replace(wanted, accounts=accounts, users=users, flags=flags))

        return orders.change_reservation(request, self.reservations, update)

    def delete_reservation(self, name: str) -> None:
        simulation = self._now("delete_reservation")
        if checked_reservation(name) not in simulation.bookings.made:
            return
        self._ask_for_an_operator()
        if any(task.request.reservation == name for task in simulation.running):
            raise ChangeRefused("Requested reservation is in use")
        del simulation.bookings.made[name]
        simulation.advance(simulation.now)

    def accounts(self) -> list[AccountStatus]:
        return list(self._now("accounts").ledger.accounts.values())

    def apply_account(self, wish: AccountWish) -> tuple[Change, ...]:
        def change(_: AccountStatus | None, differences: tuple[Change, ...]) -> None:
            self._ask_for_an_operator()
            simulation = self._now("apply_account")
            simulation.ledger.change(wish.name, differences)
            simulation.advance(simulation.now)

        return orders.apply_account(wish, USER, self.accounts, change)

    def delete_account(self, name: str) -> None:
        def delete() -> None:
            self._ask_for_an_operator()
            simulation = self._now("delete_account")
            alive = (*simulation.running, *simulation.waiting)
            if any(task.request.account == name for task in alive):
                raise ChangeRefused("Job(s) active, cancel job(s) before remove")
            del simulation.ledger.accounts[name]

        orders.delete_account(name, self.accounts, delete)

    def qos(self) -> list[QosStatus]:
        return list(self._now("qos").ledger.qos.values())

    def apply_qos(self, wish: QosWish) -> tuple[Change, ...]:
        def change(_: QosStatus | None) -> None:
            self._ask_for_an_operator()
            self._now("apply_qos").ledger.keep(wish)

        return orders.apply_qos(wish, self.qos, change)

    def site(self) -> Site:
        self._now("site")
        return Site(
            version=self.version(),
            cluster="memory",
            tres=("cpu", "mem", "gres/gpu", "gres/shard"),
            enforce=("associations", "limits"),
            gres_types=("gpu", "shard"),
            min_job_age_s=MIN_JOB_AGE_S,
            message_timeout_s=10,
            max_array_size=MAX_ARRAY_SIZE,
            controllers_up=True,
            booted_at=self.booted_at,
        )

    def version(self) -> str:
        return "0.0-memory"

    def way(self) -> str:
        return "a simulation in memory"

    def ping(self) -> None:
        self._now("ping")

    def _now(self, call: str | None = None) -> Simulation:
        """The simulation brought up to the clock; silent if it was told to be."""
        if call is not None:
            self.calls[call] += 1
            if self.unavailable:
                raise Unavailable("simulated: the controller does not answer")
        self._simulation.advance(self._clock())
        return self._simulation

    def _keep(self, request: ReservationRequest) -> None:
        """Make or change a reservation, as an operator may."""
        self._ask_for_an_operator()
        if request.tres is not None:
            raise Unsupported("the simulation reserves whole nodes")
        simulation = self._now("keep_reservation")
        known = simulation.ledger
        if not known.everybody and not set(request.accounts) <= known.accounts.keys():
            raise ChangeRefused("Invalid account or account/partition combination specified")
        free = simulation.free_for(request)
        simulation.bookings.keep(request, simulation.now, free)
        simulation.advance(simulation.now)

    def _ask_for_an_operator(self) -> None:
        if not self.operator:
            raise NoOperator("simulated: no operator")

    def _remembered(self) -> list[Task]:
        simulation = self._simulation
        young = [
            task
            for task in simulation.over
            if task.ended is not None and simulation.now - task.ended < MIN_JOB_AGE_S
        ]
        return [
            task
            for task in (*simulation.waiting, *simulation.running, *young)
            if task.request.name not in self._forgotten
        ]
