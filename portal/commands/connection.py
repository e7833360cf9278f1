"""The portal over HTTP, for commands that run anywhere: one place that asks, and asks again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import httpx

from portal.commands.failures import Refused
from portal.commands.speech import language
from portal.errors import Unavailable
from portal.language import N_

PREFIX = "/api/v1"
# What to wait before asking again when the portal did not answer, in seconds.
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
TIMEOUT_S = 30.0
BUSY = (429, 503)


class Connection:
    """A portal, and the token that one has for it."""

    def __init__(
        self,
        server: str,
        token: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Accept-Language": language(), "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.server = server.rstrip("/")
        self._sleep = sleep
        self._client = httpx.Client(
            base_url=self.server + PREFIX, headers=headers, timeout=TIMEOUT_S, transport=transport
        )

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read. Harmless to repeat, so it is repeated when the portal does not answer."""
        wanted = {name: value for name, value in query.items() if value is not None}
        return self._json(self._ask("GET", path, again=True, params=wanted))

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        """Change something. With a key the same request may be sent again and starts work once."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._json(
            self._ask("POST", path, again=key is not None, json=body, headers=headers)
        )

    def delete(self, path: str) -> None:
        """Take something away."""
        self._ask("DELETE", path, again=False)

    def download(self, path: str, into: Path) -> int:
        """Save a file, whole or not at all; the number of its bytes."""
        part = into.with_name(f"{into.name}.part")
        try:
            with self._client.stream("GET", path) as response, part.open("wb") as out:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                for chunk in response.iter_bytes():
                    out.write(chunk)
            part.replace(into)
        except httpx.TransportError as cause:
            raise self._silent() from cause
        finally:
            part.unlink(missing_ok=True)
        return into.stat().st_size

    def _ask(self, method: str, path: str, *, again: bool, **options: Any) -> httpx.Response:
        for pause in (*(PAUSES_S if again else ()), None):
            try:
                response = self._client.request(method, path, **options)
            except httpx.TransportError as cause:
                if pause is None:
                    raise self._silent() from cause
            else:
                if not response.is_error:
                    return response
                if pause is None or response.status_code not in BUSY:
                    raise _refusal(response)
            self._sleep(pause)
        raise self._silent()

    def _silent(self) -> Unavailable:
        return Unavailable(N_("The portal at {server} does not answer.", server=self.server))

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            return cast(dict[str, Any], response.json())
        except ValueError as cause:
            raise Unavailable(
                N_("What answers at {server} is no Kesuan.", server=self.server)
            ) from cause


def _refusal(response: httpx.Response) -> Refused:
    """The portal's own words, or the status where something else answered in its place."""
    try:
        told = response.json()
        return Refused(response.status_code, told["message"], told["errors"])
    except (ValueError, KeyError, TypeError):
        return Refused(response.status_code, f"HTTP {response.status_code}", {})
