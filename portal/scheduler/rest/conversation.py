"""Talking with slurmrestd: the version agreed on, questions, orders, tokens that are not taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.scheduler.errors import SchedulerError, Unavailable
from portal.scheduler.rest import complaints
from portal.scheduler.rest.client import Client, NoReply, Reply
from portal.scheduler.rest.faults import TokenRefused
from portal.scheduler.rest.payload import table
from portal.scheduler.rest.versions import Version, choose


@dataclass(frozen=True, slots=True)
class Order:
    """One request that changes something."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None


class Conversation:
    """Questions and orders to one slurmrestd; each goes twice if the token was the trouble."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._agreed: Version | None = None

    def version(self) -> Version:
        """The API version agreed on; asked for once, and again after it was not there any more."""
        if self._agreed is None:
            reply = self.send("GET", "/openapi/v3")
            if complaints.names_the_token(reply):
                raise TokenRefused(complaints.said(reply))
            if reply.status != 200:
                raise Unavailable(complaints.said(reply))
            self._agreed = choose(reply.body)
        return self._agreed

    def ask(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """A question, asked a second time with a new token where the first was not taken."""
        for attempt in (1, 2):
            reply = self.send("GET", path, query)
            if complaints.is_answer(reply):
                return table(reply.body)
            if not self.token_is_refused(reply):
                break
            if attempt == 2:
                raise TokenRefused(complaints.said(reply))
        if reply.status == 404:
            self._agreed = None  # slurmrestd was exchanged for one that serves other versions
        raise Unavailable(complaints.said(reply))

    def listed(self, path: str, key: str, query: Mapping[str, str] | None = None) -> list[Any]:
        """The list that an answer is about; an answer without it is none."""
        listed = self.ask(path, query).get(key)
        if not isinstance(listed, list):
            raise Unavailable(f"slurmrestd's answer has no list of {key}")
        return listed

    def give(self, order: Order, judge: Callable[[Reply], SchedulerError | None]) -> None:
        """An order, given a second time with a new token; doing it twice is harmless."""
        for attempt in (1, 2):
            reply = self.send(order.method, order.path, order.query, order.body)
            error = judge(reply)
            if error is None:
                return
            if not self.token_is_refused(reply):
                raise error
            if attempt == 2:
                raise TokenRefused(complaints.said(reply))

    def token_is_refused(self, reply: Reply) -> bool:
        """Whether an error came from the token; if so, the next request has a new one.

        slurmctld turns a token down without a word, and 22.05's slurmrestd then says what it says
        of a controller that is away. slurmdbd, asked with the same token, says it plainly. In
        26.05 it is the other way round.
        """
        refused = complaints.names_the_token(reply)
        if not refused and complaints.may_be_the_token(reply):
            version = self.version()
            by_slurmdbd = complaints.is_slurmdbd_silent(reply)
            other = version.reservations if by_slurmdbd else version.resources
            refused = complaints.names_the_token(self.send("GET", other))
        if refused:
            self._client.renew(reply)
        return refused

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """One request whose silence changes nothing."""
        try:
            return self._client.send(method, path, query=query, body=body)
        except NoReply as silence:
            raise Unavailable(silence.words) from silence
