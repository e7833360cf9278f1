"""Slurm by slurmrestd: the way for a portal that stands outside the cluster.

Where this way can do less than Slurm's commands (docs/slurmrestd.md has what was seen):
- Before v0.0.45 none tells slurm.conf, so `site` repeats what the settings say (`Undisclosed`).
- v0.0.38 does not heed `requeue`; it sends signals to steps only, so a script makes itself one;
  its accounting tells no exit code; its jobs have no filter, so each look reads everybody's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.config import Slurm
from portal.scheduler import orders
from portal.scheduler.accounts import AccountStatus, AccountWish, Change
from portal.scheduler.checks import check_qos_wish, checked_name, checked_qos, checked_reservation
from portal.scheduler.errors import Ambiguous, Unavailable, Unsupported
from portal.scheduler.protocol import ArrayRequest, NodeStatus, Snapshot, SubmittedArray, TaskStatus
from portal.scheduler.qos import QosStatus, QosWish
from portal.scheduler.reservations import Reservation, ReservationRequest
from portal.scheduler.rest import changes, complaints, requests, sites, tasks
from portal.scheduler.rest.client import Client, NoReply
from portal.scheduler.rest.conversation import Conversation, Order
from portal.scheduler.rest.faults import TokenRefused
from portal.scheduler.rest.payload import number, resource, rows, table
from portal.scheduler.rest.tokens import CommandSigner, KeySigner, Tokens
from portal.scheduler.rows import Rows, newest, since_uts
from portal.scheduler.site import Site
from portal.scheduler.states import Phase

_NAMES_AT_ONCE = 100  # names in one address: 100 UUIDs are 3.7 kB


@dataclass(frozen=True, slots=True)
class Undisclosed:
    """What slurmrestd does not tell of slurm.conf before v0.0.45; the defaults are Slurm's own."""

    cluster: str | None = None
    enforce: tuple[str, ...] = ()
    min_job_age_s: int = 300
    message_timeout_s: int = 10
    max_array_size: int = 1001


class RestScheduler:
    """`Scheduler` over slurmrestd; `user` is the service user that the tokens name."""

    def __init__(self, client: Client, user: str, undisclosed: Undisclosed) -> None:
        self._client = client
        self._user = user
        self._undisclosed = undisclosed
        self._talk = Conversation(client)

    @classmethod
    def from_settings(cls, settings: Slurm) -> RestScheduler:
        """The way to slurmrestd that the settings describe. Opening makes no call."""
        key = settings.rest_token_key_file
        timeout_s = settings.command_timeout_s
        signer = KeySigner(key) if key else CommandSigner(settings.rest_token_command, timeout_s)
        tokens = Tokens(signer, settings.user, settings.rest_token_s)
        client = Client(settings.rest_url or "", tokens, timeout_s, settings.rest_ca_file)
        undisclosed = Undisclosed(
            cluster=settings.rest_cluster,
            enforce=tuple(settings.rest_enforce),
            min_job_age_s=settings.rest_min_job_age_s,
            message_timeout_s=settings.rest_message_timeout_s,
            max_array_size=settings.rest_max_array_size,
        )
        return cls(client, settings.user, undisclosed)

    def submit(self, request: ArrayRequest) -> SubmittedArray:
        version = self._talk.version()
        try:
            script = request.script.read_text(encoding="utf-8")
        except (OSError, ValueError) as cause:
            raise Unavailable(f"{request.script}: {cause}") from cause
        body = requests.submission(request, script, version)
        try:
            reply = self._client.send("POST", version.submit, body=body)
        except NoReply as silence:
            raise complaints.of_silence(silence) from silence
        # 22.05 sends warnings ("Job is in held state") beside the id of a job that was taken.
        job_id = number(table(reply.body).get("job_id"))
        if reply.status == 200 and job_id:
            return SubmittedArray(request.name, job_id)
        if self._talk.token_is_refused(reply):
            raise TokenRefused(complaints.said(reply))
        if reply.status == 200:
            raise Ambiguous(complaints.said(reply))
        raise complaints.of_submission(reply)

    def cancel(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        there = [s for s in self._of(array) if not s.state.ended]
        if tasks is None:
            if there:
                self._order(str(array.job_id))
            return
        wanted = frozenset(tasks)
        for task in sorted(s.task for s in there if s.task in wanted):
            self._order(f"{array.job_id}_{task}")

    def signal(self, array: SubmittedArray, tasks: Sequence[int] | None = None) -> None:
        wanted = None if tasks is None else frozenset(tasks)
        for status in self._of(array):
            runs = status.state.phase is Phase.RUNNING
            if runs and (wanted is None or status.task in wanted):
                query = {"signal": "USR1"}
                if self._talk.version().signals_batch:
                    query["flags"] = "BATCH_JOB"
                which = f"{array.job_id}_{status.task}" if status.task >= 0 else str(array.job_id)
                self._order(which, query)

    def change_qos(self, array: SubmittedArray, tasks: Sequence[int], qos: str) -> None:  # noqa: ARG002
        # From v0.0.40 on each version says: "Submit job update against Array Job's JobID instead of
        # array task id". v0.0.38 does it and answers "job array update failed", as to what fails.
        checked_name(array.name)
        checked_qos(qos)
        raise Unsupported("the QOS of a waiting task is changed by scontrol, not by slurmrestd")

    def alive(self) -> Snapshot:
        taken_at = time.time()
        rows_read = self._queue()
        return Snapshot(taken_at, rows_read.tasks, rows_read.unreadable)

    def find(self, name: str) -> list[TaskStatus]:
        checked_name(name)
        found = self._queue()
        if found.unreadable:
            raise Unavailable(found.unreadable[0])
        return [status for status in found.tasks if status.name == name]

    def history(self, names: Collection[str], since: float) -> list[TaskStatus]:
        wanted = sorted(checked_name(name) for name in names)
        version = self._talk.version()
        found: list[TaskStatus] = []
        for first in range(0, len(wanted), _NAMES_AT_ONCE):
            query = {
                "job_name": ",".join(wanted[first : first + _NAMES_AT_ONCE]),
                "start_time": since_uts(since),
                "skip_steps": "true",  # a job's steps are two thirds of its record
            }
            jobs = self._talk.listed(version.history, "jobs", query)
            told = tasks.history(jobs, self._user, version)
            if told.unreadable:
                raise Unavailable(told.unreadable[0])
            found += [status for status in told.tasks if status.name in wanted]
        return newest(found)

    def nodes(self) -> list[NodeStatus]:
        return sites.nodes(self._talk.listed(self._talk.version().nodes, "nodes"))

    def reservations(self) -> list[Reservation]:
        listed = self._talk.listed(self._talk.version().reservations, "reservations")
        return sites.reservations(listed, time.time())

    def reserve(self, request: ReservationRequest) -> Reservation:
        def create(wanted: ReservationRequest) -> None:
            self._change(changes.reservation(wanted, self._talk.version()))

        return orders.reserve(request, self.reservations, create, self.delete_reservation)

    def change_reservation(self, request: ReservationRequest) -> Reservation:
        def update(before: Reservation, wanted: ReservationRequest) -> None:
            self._change(changes.reservation(wanted, self._talk.version(), before))

        return orders.change_reservation(request, self.reservations, update)

    def delete_reservation(self, name: str) -> None:
        path = self._talk.version().reservation(checked_reservation(name))
        self._talk.give(Order("DELETE", path), complaints.of_deletion)

    def accounts(self) -> list[AccountStatus]:
        version = self._talk.version()
        associations = self._talk.listed(version.associations, "associations")
        entities = self._talk.listed(version.accounts, "accounts")
        return sites.accounts(associations, entities, self._user, self._cluster())

    def apply_account(self, wish: AccountWish) -> tuple[Change, ...]:
        def change(before: AccountStatus | None, found: tuple[Change, ...]) -> None:
            version, cluster = self._talk.version(), self._cluster()
            for order in changes.account(wish.name, cluster, before, found, version):
                self._change(order)

        return orders.apply_account(wish, self._user, self.accounts, change)

    def delete_account(self, name: str) -> None:
        def delete() -> None:
            self._change(changes.account_deletion(name, self._cluster(), self._talk.version()))

        orders.delete_account(name, self.accounts, delete)

    def qos(self) -> list[QosStatus]:
        raise Unsupported("QOS are read and changed by sacctmgr, not by slurmrestd")

    def apply_qos(self, wish: QosWish) -> tuple[Change, ...]:
        check_qos_wish(wish)
        raise Unsupported("QOS are read and changed by sacctmgr, not by slurmrestd")

    def site(self) -> Site:
        told, undisclosed, version = self._ping(), self._undisclosed, self._talk.version()
        if version.tells_conf:
            return sites.configured(told, self._talk.ask(version.conf))
        resources = table(self._talk.ask(version.resources))
        found = [resource(row) for row in rows(resources.get("TRES", resources.get("tres")))]
        return Site(
            version=sites.release(told),
            cluster=self._cluster(),
            tres=tuple(found),
            enforce=undisclosed.enforce,
            gres_types=tuple(sorted(name[5:] for name in found if name.startswith("gres/"))),
            min_job_age_s=undisclosed.min_job_age_s,
            message_timeout_s=undisclosed.message_timeout_s,
            max_array_size=undisclosed.max_array_size,
            controllers_up=sites.is_up(told),
        )

    def version(self) -> str:
        # An answer tells it that says no more than that the controller is away.
        return sites.release(self._talk.send("GET", self._talk.version().ping).body)

    def way(self) -> str:
        return f"slurmrestd {self.version()}, API {self._talk.version().name}"

    def ping(self) -> None:
        for _ in range(2):
            if sites.is_up(self._ping()):
                return
            # 24.11 calls a controller down that does not take the token; slurmdbd says which.
            self._talk.ask(self._talk.version().resources)
        raise Unavailable("slurmrestd says that no controller is up")

    def _ping(self) -> Mapping[str, Any]:
        return self._talk.ask(self._talk.version().ping)

    def _cluster(self) -> str:
        listed = self._talk.listed(self._talk.version().clusters, "clusters")
        return sites.cluster(listed, self._undisclosed.cluster)

    def _queue(self) -> Rows:
        return tasks.queue(self._talk.listed(self._talk.version().jobs, "jobs"), self._user)

    def _of(self, array: SubmittedArray) -> list[TaskStatus]:
        """The tasks for which name and id belong together."""
        return [status for status in self.find(array.name) if status.job_id == array.job_id]

    def _order(self, which: str, query: dict[str, str] | None = None) -> None:
        """A cancel or a signal."""
        order = Order("DELETE", self._talk.version().job(which), query=query)
        self._talk.give(order, complaints.of_order)

    def _change(self, order: Order) -> None:
        """Something that only an operator may do."""
        self._talk.give(order, complaints.of_change)
