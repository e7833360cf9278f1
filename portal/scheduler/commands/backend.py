"""Slurm by its own commands: the way that works at every site that has a submit host."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from portal.scheduler import orders
from portal.scheduler.accounts import AccountStatus, AccountWish, Change
from portal.scheduler.checks import checked_name, checked_qos, checked_reservation
from portal.scheduler.commands import arguments, changes, complaints, parsers
from portal.scheduler.commands.runner import QUERY_ENVIRONMENT, Answer, NoAnswer, Runner
from portal.scheduler.errors import SchedulerError, Unavailable
from portal.scheduler.protocol import ArrayRequest, NodeStatus, Snapshot, SubmittedArray, TaskStatus
from portal.scheduler.qos import QosStatus, QosWish
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.rows import newest
from portal.scheduler.site import Site
from portal.scheduler.states import Phase

Judge = Callable[[Answer], SchedulerError | None]


class CommandsScheduler:
    """`Scheduler` over sbatch, squeue, sacct, scancel, scontrol and sacctmgr."""

    def __init__(self, runner: Runner, user: str) -> None:
        self._runner = runner
        self._user = user

    def submit(self, request: ArrayRequest) -> SubmittedArray:
        words = arguments.submission(request)
        try:
            answer = self._runner.run("sbatch", words)
        except NoAnswer as silence:
            raise complaints.of_silence(silence) from silence
        if answer.code != 0:
            raise complaints.of_submission(answer)
        return SubmittedArray(request.name, parsers.job_id(answer.out))

    def cancel(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        # scancel can filter by name itself, and then sends one message for each task. Looking
        # first and naming tasks costs two messages however many tasks there are.
        if self._there(array, tasks):
            self._give(complaints.of_order, "scancel", arguments.chosen(array.job_id, tasks))

    def signal(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        # With a filter by name scancel takes the running ones from its own look at the queue;
        # without it, --batch fails for every task that waits or has ended.
        if tasks is None or tasks:
            self._give(
                complaints.of_order,
                "scancel",
                f"--name={checked_name(array.name)}",
                "--state=RUNNING",
                "--batch",
                "--signal=USR1",
                arguments.chosen(array.job_id, tasks),
            )

    def change_qos(self, array: SubmittedArray, tasks: Sequence[int], qos: str) -> None:
        checked_qos(qos)
        there = self._there(array, tasks)
        if waiting := [s.task for s in there if s.state.phase is Phase.PENDING]:
            words = arguments.qos_of_tasks(array.job_id, waiting, qos)
            self._give(complaints.of_order, "scontrol", *words)

    def alive(self) -> Snapshot:
        taken_at = time.time()
        rows = parsers.queue(self._ask("squeue", *arguments.queue(self._user)))
        return Snapshot(taken_at, rows.tasks, rows.unreadable)

    def find(self, name: str) -> list[TaskStatus]:
        rows = parsers.queue(self._ask("squeue", *arguments.queue(self._user, name)))
        if rows.unreadable:
            raise Unavailable(rows.unreadable[0])
        return list(rows.tasks)

    def history(self, names: Collection[str], since: float) -> list[TaskStatus]:
        if not names:
            return []
        rows = parsers.history(self._ask("sacct", *arguments.history(self._user, names, since)))
        if rows.unreadable:
            raise Unavailable(rows.unreadable[0])
        return newest(rows.tasks)

    def nodes(self) -> list[NodeStatus]:
        return parsers.nodes(self._ask("scontrol", "--details", "--oneliner", "show", "nodes"))

    def reservations(self) -> list[Reservation]:
        return parsers.reservations(self._ask("scontrol", *changes.reservations()))

    def reserve(self, request: ReservationRequest) -> Reservation:
        def create(wanted: ReservationRequest) -> None:
            self._give(complaints.of_change, "scontrol", *changes.reservation(wanted))

        return orders.reserve(request, self.reservations, create, self.delete_reservation)

    def change_reservation(self, request: ReservationRequest) -> Reservation:
        def update(before: Reservation, wanted: ReservationRequest) -> None:
            self._give(
                complaints.of_change, "scontrol", *changes.reservation_change(before, wanted)
            )

        return orders.change_reservation(request, self.reservations, update)

    def delete_reservation(self, name: str) -> None:
        self._give(
            complaints.of_change,
            "scontrol",
            "delete",
            f"reservationname={checked_reservation(name)}",
        )

    def accounts(self) -> list[AccountStatus]:
        associations = self._ask("sacctmgr", *changes.associations(self._cluster))
        return parsers.accounts(
            associations, self._ask("sacctmgr", *changes.entities()), self._user
        )

    def apply_account(self, wish: AccountWish) -> tuple[Change, ...]:
        def change(_: AccountStatus | None, differences: tuple[Change, ...]) -> None:
            for words in changes.account(wish.name, self._cluster, self._user, differences):
                self._give(complaints.of_change, "sacctmgr", *words)

        return orders.apply_account(wish, self._user, self.accounts, change)

    def delete_account(self, name: str) -> None:
        def delete() -> None:
            self._give(
                complaints.of_change, "sacctmgr", *changes.account_deletion(name, self._cluster)
            )

        orders.delete_account(name, self.accounts, delete)

    def qos(self) -> list[QosStatus]:
        return parsers.qos(self._ask("sacctmgr", *changes.qos()))

    def apply_qos(self, wish: QosWish) -> tuple[Change, ...]:
        def change(there: QosStatus | None) -> None:
            words = changes.qos_change(wish, there=there is not None)
            self._give(complaints.of_change, "sacctmgr", *words)

        return orders.apply_qos(wish, self.qos, change)

    @cached_property
    def _cluster(self) -> str:
        """The cluster's name, which does not change while the portal runs."""
        return self.site().cluster

    def site(self) -> Site:
        return parsers.site(self._ask("scontrol", "show", "config"))

    def version(self) -> str:
        return parsers.version(self._ask("sbatch", "--version"))

    def way(self) -> str:
        return f"Slurm's commands {self.version()}"

    def ping(self) -> None:
        text = self._ask("scontrol", "ping")
        if " is UP" not in text:
            raise Unavailable(text.strip())

    def _there(self, array: SubmittedArray, tasks: Sequence[int] | None) -> list[TaskStatus]:
        """Those of these tasks that are not over, and of which name and id belong together."""
        wanted = None if tasks is None else frozenset(tasks)
        return [
            status
            for status in self.find(array.name)
            if status.job_id == array.job_id
            and not status.state.ended
            and (wanted is None or status.task in wanted)
        ]

    def _ask(self, command: str, *words: str) -> str:
        try:
            answer = self._runner.ask(command, *words)
        except NoAnswer as silence:
            raise Unavailable(silence.words) from silence
        if answer.code != 0:
            raise complaints.of_question(answer)
        return answer.out

    def _give(self, judge: Judge, command: str, *words: str) -> None:
        """Give an order; `judge` says what a failure of it means."""
        try:
            answer = self._runner.run(command, words, QUERY_ENVIRONMENT)
        except NoAnswer as silence:
            raise Unavailable(silence.words) from silence
        if answer.code != 0:
            error = judge(answer)
            if error is not None:
                raise error
