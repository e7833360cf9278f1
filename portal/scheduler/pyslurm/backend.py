"""Slurm by pyslurm, for what is asked often; by Slurm's commands for the rest."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from portal.config import Slurm
from portal.language import N_
from portal.scheduler.accounts import AccountStatus, AccountWish, Change
from portal.scheduler.checks import checked_name
from portal.scheduler.commands import CommandsScheduler, complaints
from portal.scheduler.commands.runner import Answer, NoAnswer, Runner
from portal.scheduler.errors import Ambiguous, Rejected, Unavailable
from portal.scheduler.protocol import ArrayRequest, NodeStatus, Snapshot, SubmittedArray, TaskStatus
from portal.scheduler.pyslurm import records, submission
from portal.scheduler.pyslurm.keeper import Keeper, Refused
from portal.scheduler.pyslurm.wire import Greeting
from portal.scheduler.qos import QosStatus, QosWish
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.rows import Rows
from portal.scheduler.site import Site


class PyslurmScheduler:
    """`Scheduler` over pyslurm 22.5, 24.11 or 25.11.

    Submissions, the queue and the controller's pulse go over pyslurm. The others go by commands,
    because pyslurm, or a release of it, cannot do them as the protocol promises:

    - cancel, signal, change of QOS: `Job.send_signal` and `Job.modify` take one number, so a
      waiting task of an array cannot be named at all, and the former looks at libslurm's errno
      without looking whether the call failed;
    - history: `db.Jobs` is keyed by job id, which loses one of two jobs whose id was given out
      twice, and has no allocated resources;
    - nodes: of a node's shares 22.5 tells the number of GPUs that have one in use;
    - accounts: associations come without their limits on resources (GrpTRES), so these cannot be
      set by it either;
    - reservations: asked seldom, by staff alone;
    - site: 22.5 and 24.11 tell four words of the configuration.

    Of an exit code from 128 on pyslurm tells what is left without 128.
    """

    def __init__(
        self,
        keeper: Keeper,
        commands: CommandsScheduler,
        user: str,
        environment: Mapping[str, str],
    ) -> None:
        self._keeper = keeper
        self._commands = commands
        self._user = user
        self._environment = dict(environment)

    @classmethod
    def from_settings(cls, settings: Slurm) -> PyslurmScheduler:
        """The scheduler of a site."""
        runner = Runner(settings.bin, settings.conf, settings.command_timeout_s)
        commands = CommandsScheduler(runner, settings.user)
        return cls(Keeper.of(runner, settings.pyslurm), commands, settings.user, runner.environment)

    def submit(self, request: ArrayRequest) -> SubmittedArray:
        options = submission.options(request, self._environment)
        try:
            job_id = self._keeper.ask("submit", options=options)
        except NoAnswer as silence:
            raise complaints.of_silence(silence) from silence
        except Refused as refused:
            if refused.sent:
                raise complaints.of_submission(Answer(1, "", refused.words)) from refused
            sentence = N_("The request holds a value that Slurm cannot take.")
            raise Rejected(sentence, words=refused.words) from refused
        if not isinstance(job_id, int):
            raise Ambiguous(f"pyslurm told {job_id!r}")
        return SubmittedArray(request.name, job_id)

    def alive(self) -> Snapshot:
        taken_at = time.time()
        rows = self._queue(None)
        return Snapshot(taken_at, rows.tasks, rows.unreadable)

    def find(self, name: str) -> list[TaskStatus]:
        rows = self._queue(checked_name(name))
        if rows.unreadable:
            raise Unavailable(rows.unreadable[0])
        return list(rows.tasks)

    def ping(self) -> None:
        self._ask("ping")

    def version(self) -> str:
        return self._greeting().slurm

    def way(self) -> str:
        greeting = self._greeting()
        return f"pyslurm {greeting.pyslurm}, libslurm {greeting.slurm}"

    def cancel(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        self._commands.cancel(array, tasks)

    def signal(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        self._commands.signal(array, tasks)

    def change_qos(self, array: SubmittedArray, tasks: Sequence[int], qos: str) -> None:
        self._commands.change_qos(array, tasks, qos)

    def history(self, names: Collection[str], since: float) -> list[TaskStatus]:
        return self._commands.history(names, since)

    def nodes(self) -> list[NodeStatus]:
        return self._commands.nodes()

    def reservations(self) -> list[Reservation]:
        return self._commands.reservations()

    def reserve(self, request: ReservationRequest) -> Reservation:
        return self._commands.reserve(request)

    def change_reservation(self, request: ReservationRequest) -> Reservation:
        return self._commands.change_reservation(request)

    def delete_reservation(self, name: str) -> None:
        self._commands.delete_reservation(name)

    def accounts(self) -> list[AccountStatus]:
        return self._commands.accounts()

    def apply_account(self, wish: AccountWish) -> tuple[Change, ...]:
        return self._commands.apply_account(wish)

    def delete_account(self, name: str) -> None:
        self._commands.delete_account(name)

    def qos(self) -> list[QosStatus]:
        return self._commands.qos()

    def apply_qos(self, wish: QosWish) -> tuple[Change, ...]:
        return self._commands.apply_qos(wish)

    def site(self) -> Site:
        return self._commands.site()

    def _greeting(self) -> Greeting:
        try:
            return self._keeper.greeting()
        except NoAnswer as silence:
            raise Unavailable(silence.words) from silence

    def _queue(self, name: str | None) -> Rows:
        answer = self._ask("queue", user=self._user, name=name)
        try:
            return records.queue(answer)
        except (KeyError, TypeError) as fault:
            raise Unavailable(f"pyslurm told {str(answer)[:200]}") from fault

    def _ask(self, call: str, **values: Any) -> Any:
        try:
            return self._keeper.ask(call, **values)
        except NoAnswer as silence:
            raise Unavailable(silence.words) from silence
        except Refused as refused:
            raise Unavailable(refused.words) from refused
