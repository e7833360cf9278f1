"""HTTP to slurmrestd: one request, one answer, and nothing of a token in any error."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from portal.scheduler.errors import Unavailable
from portal.scheduler.rest.tokens import Tokens

UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `body` is None where it was no JSON."""

    status: int
    body: object
    token: str

    def __repr__(self) -> str:
        return f"Reply(status={self.status})"


class NoReply(Exception):
    """No whole answer came. `sent` tells whether the request may have arrived."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.words = words
        self.sent = sent


class Client:
    """Requests to one slurmrestd: `https://host:port`, or `unix:/run/slurmrestd.socket`.

    Each request has a connection of its own: a kept one that the server has closed meanwhile would
    make a submission ambiguous for nothing. Proxies in the caller's environment do not count.
    """

    def __init__(
        self, url: str, tokens: Tokens, timeout_s: float, authority: Path | None = None
    ) -> None:
        self._url = url
        self._tokens = tokens
        self._timeout_s = timeout_s
        self._authority = authority

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """One request; raises `NoReply`, or `Unavailable` where there is no token to send."""
        token = self._tokens.current()
        headers = {"X-SLURM-USER-NAME": self._tokens.user, "X-SLURM-USER-TOKEN": token}
        http = self._http
        try:
            answer = http.request(method, path, params=query, json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as cause:
            raise NoReply(f"slurmrestd at {self._url}: {cause}", sent=False) from None
        except httpx.HTTPError as cause:
            words = f"slurmrestd at {self._url}: {type(cause).__name__} {cause}".strip()
            raise NoReply(words, sent=True) from None
        return Reply(answer.status_code, _read(answer.content), token)

    def renew(self, reply: Reply) -> None:
        """The token of this answer was not taken."""
        self._tokens.drop(reply.token)

    @cached_property
    def _http(self) -> httpx.Client:
        limits = httpx.Limits(max_keepalive_connections=0)
        url = self._url
        if url.startswith(UNIX):
            path = url.removeprefix(UNIX)
            way = httpx.HTTPTransport(uds=path, limits=limits, verify=False)
            url = "http://slurmrestd"  # stands in the Host header only
        else:
            way = httpx.HTTPTransport(limits=limits, verify=self._trusted())
        return httpx.Client(
            base_url=url,
            transport=way,
            timeout=self._timeout_s,
            headers={"Connection": "close"},
            trust_env=False,
        )

    def _trusted(self) -> ssl.SSLContext:
        """The settings' authority alone, or those that the system trusts."""
        try:
            return ssl.create_default_context(cafile=self._authority)
        except (OSError, ssl.SSLError) as cause:
            raise Unavailable(f"{self._authority}: {cause}") from cause


def _read(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
