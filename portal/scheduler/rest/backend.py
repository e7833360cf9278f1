"""Slurm by slurmrestd: the way for a portal that stands outside the cluster.

Where this way can do less than Slurm's commands (docs/slurmrestd.md has what was seen):
- No version tells slurm.conf, so `site` repeats what the settings say of it (`Undisclosed`).
- v0.0.38 does not heed `requeue`; it sends signals to steps only, so a script makes itself one;
  its accounting tells no exit code; its jobs have no filter, so each look reads everybody's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.config import Slurm
from portal.scheduler.checks import checked_name
from portal.scheduler.commands.parsers import newest
from portal.scheduler.errors import Ambiguous, Unavailable
from portal.scheduler.protocol import (
    AccountStatus,
    ArrayRequest,
    NodeStatus,
    Site,
    Snapshot,
    SubmittedArray,
    TaskStatus,
)
from portal.scheduler.rest import complaints, requests, sites, tasks
from portal.scheduler.rest.client import Client, NoReply, Reply
from portal.scheduler.rest.faults import TokenRefused
from portal.scheduler.rest.payload import number, rows, table
from portal.scheduler.rest.tokens import CommandSigner, KeySigner, Tokens
from portal.scheduler.rest.versions import Version, choose
from portal.scheduler.states import Phase

_EARLIEST = 1_000_000_000  # 22.05 cannot read a time near the epoch's beginning
_NAMES_AT_ONCE = 100  # names in one address: 100 UUIDs are 3.7 kB


@dataclass(frozen=True, slots=True)
class Undisclosed:
    """What slurmrestd does not tell of slurm.conf; the defaults are Slurm's own."""

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
        self._agreed: Version | None = None

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
        version = self._version()
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
        if self._token_is_refused(reply):
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
                if self._version().signals_batch:
                    query["flags"] = "BATCH_JOB"
                which = f"{array.job_id}_{status.task}" if status.task >= 0 else str(array.job_id)
                self._order(which, query)

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
        version = self._version()
        found: list[TaskStatus] = []
        for first in range(0, len(wanted), _NAMES_AT_ONCE):
            query = {
                "job_name": ",".join(wanted[first : first + _NAMES_AT_ONCE]),
                "start_time": f"uts{max(_EARLIEST, int(since))}",
                "skip_steps": "true",  # a job's steps are two thirds of its record
            }
            body = self._ask(version.history, query)
            told = tasks.history(_listed(body, "jobs"), self._user, version)
            if told.unreadable:
                raise Unavailable(told.unreadable[0])
            found += [status for status in told.tasks if status.name in wanted]
        return newest(found)

    def nodes(self) -> list[NodeStatus]:
        return sites.nodes(_listed(self._ask(self._version().nodes), "nodes"))

    def accounts(self) -> list[AccountStatus]:
        listed = _listed(self._ask(self._version().associations), "associations")
        return sites.accounts(listed, self._user, self._cluster())

    def site(self) -> Site:
        told, undisclosed = self._ping(), self._undisclosed
        resources = table(self._ask(self._version().resources))
        found = [sites.resource(row) for row in rows(resources.get("TRES", resources.get("tres")))]
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
        return sites.release(self._send("GET", self._version().ping).body)

    def way(self) -> str:
        return f"slurmrestd {self.version()}, API {self._version().name}"

    def ping(self) -> None:
        for _ in range(2):
            if sites.is_up(self._ping()):
                return
            # 24.11 calls a controller down that does not take the token; slurmdbd says which.
            self._ask(self._version().resources)
        raise Unavailable("slurmrestd says that no controller is up")

    def _ping(self) -> Mapping[str, Any]:
        return self._ask(self._version().ping)

    def _cluster(self) -> str:
        listed = _listed(self._ask(self._version().clusters), "clusters")
        return sites.cluster(listed, self._undisclosed.cluster)

    def _version(self) -> Version:
        """The API version agreed on; asked for once, and again after it was not there any more."""
        if self._agreed is None:
            reply = self._send("GET", "/openapi/v3")
            if complaints.names_the_token(reply):
                raise TokenRefused(complaints.said(reply))
            if reply.status != 200:
                raise Unavailable(complaints.said(reply))
            self._agreed = choose(reply.body)
        return self._agreed

    def _queue(self) -> tasks.Rows:
        return tasks.queue(_listed(self._ask(self._version().jobs), "jobs"), self._user)

    def _of(self, array: SubmittedArray) -> list[TaskStatus]:
        """The tasks for which name and id belong together."""
        return [status for status in self.find(array.name) if status.job_id == array.job_id]

    def _ask(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """A question, asked a second time with a new token where the first was not taken."""
        for attempt in (1, 2):
            reply = self._send("GET", path, query)
            if complaints.is_answer(reply):
                return table(reply.body)
            if not self._token_is_refused(reply):
                break
            if attempt == 2:
                raise TokenRefused(complaints.said(reply))
        if reply.status == 404:
            self._agreed = None  # slurmrestd was exchanged for one that serves other versions
        raise Unavailable(complaints.said(reply))

    def _order(self, which: str, query: Mapping[str, str] | None = None) -> None:
        """A cancel or a signal, sent a second time with a new token; doing it twice is harmless."""
        for attempt in (1, 2):
            reply = self._send("DELETE", self._version().job(which), query)
            error = complaints.of_order(reply)
            if error is None:
                return
            if not self._token_is_refused(reply):
                raise error
            if attempt == 2:
                raise TokenRefused(complaints.said(reply))

    def _token_is_refused(self, reply: Reply) -> bool:
        """Whether an error came from the token; if so, the next request has a new one.

        slurmctld turns a token down without a word, and 22.05's slurmrestd then says what it says
        of a controller that is away. slurmdbd, asked with the same token, says it plainly.
        """
        refused = complaints.names_the_token(reply)
        if not refused and complaints.may_be_the_token(reply):
            refused = complaints.names_the_token(self._send("GET", self._version().resources))
        if refused:
            self._client.renew(reply)
        return refused

    def _send(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Reply:
        try:
            return self._client.send(method, path, query=query)
        except NoReply as silence:
            raise Unavailable(silence.words) from silence


def _listed(body: Mapping[str, Any], key: str) -> list[Any]:
    """The list that an answer is about; an answer without it is none."""
    listed = body.get(key)
    if not isinstance(listed, list):
        raise Unavailable(f"slurmrestd's answer has no list of {key}")
    return listed
