"""Several directory servers of one content: the first that answers is asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from portal.config import Ldap
from portal.errors import Unavailable
from portal.language import N_
from portal.people.login.ldap.wire import Allowance, ServerFailed

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

AWAY = N_(
    "The centre's directory does not answer just now, so this login cannot be checked. Seats are "
    "not affected, and whoever is logged in can go on working. Please try again in a minute."
)


class Servers:
    """The servers in the order of the settings; one that failed is asked last for a while.

    Each process remembers for itself which server failed.
    """

    def __init__(self, settings: Ldap, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._rests_until: dict[str, float] = {}

    def ask(self, work: Callable[[str, Allowance], Answer]) -> Answer:
        """What `work` gets from the first server that does not fail; raises `Unavailable`.

        A slow server gets no more than its part of the time, so that the next has some left.
        """
        ends = self._clock() + self._settings.login_s
        order = self.order()
        for number, url in enumerate(order):
            part = (ends - self._clock()) / (len(order) - number)
            try:
                answer = work(url, Allowance.lasting(part))
            except ServerFailed as failed:
                self._rests_until[url] = self._clock() + self._settings.rest_s
                told = {"server": url, "step": failed.step, "why": failed.why}
                log.warning("a directory server failed", extra=told)
                continue
            self._rests_until.pop(url, None)
            return answer
        raise Unavailable(AWAY)

    def order(self) -> list[str]:
        """Who is asked first, second …; where all failed lately, the one that failed first."""
        now = self._clock()
        rests = {url: until for url, until in self._rests_until.items() if until > now}
        return sorted(self._settings.servers, key=lambda url: rests.get(url, 0.0))
