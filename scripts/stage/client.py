"""The portal's HTTP API, as a script sees it that has nothing but Python."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any

from stage.checkout import StageError

PATIENCE_S = 60


class Refused(StageError):
    """The portal said no; `status` and `answer` are what it said."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        by_field = "; ".join(
            f"{field}: {' '.join(sentences)}" for field, sentences in answer["errors"].items()
        )
        super().__init__(" ".join(filter(None, (answer["message"], by_field))))
        self.status = status
        self.answer = answer


class Portal:
    """One portal, and whose token is sent to it."""

    def __init__(self, url: str, token: str = "", language: str = "en") -> None:
        self.url = url
        self._headers = {"Accept-Language": language}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def log_in(self, login: str, password: str) -> Portal:
        """The same portal with a token of this person."""
        body = {"login": login, "password": password, "name": "scripts", "days": 1}
        token = self.post("/tokens", body)["token"]
        return Portal(self.url, token, self._headers["Accept-Language"])

    def log_out(self) -> None:
        """End the token: a person has only so many."""
        self.ask("DELETE", "/tokens/current")

    def get(self, path: str) -> dict[str, Any]:
        return self.ask("GET", path)

    def post(
        self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        """POST with an idempotency key: the one given, or a fresh one."""
        return self.ask("POST", path, body or {}, key or str(uuid.uuid4()))

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> dict[str, Any]:
        """Any request; raises Refused, or StageError where nobody answers."""
        headers = {"Idempotency-Key": key} if key else {}
        request = urllib.request.Request(  # noqa: S310 - the address is our own portal's
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self._headers, **headers, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(answer.read() or b"{}")
                return found
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise Refused(refusal.code, _error_of(refusal)) from None
        except OSError as silence:
            raise StageError(f"the portal at {self.url} does not answer: {silence}") from silence


def _error_of(refusal: urllib.error.HTTPError) -> dict[str, Any]:
    """The portal's JSON error, or the bare status where something else answered."""
    try:
        found: dict[str, Any] = {"errors": {}, **json.loads(refusal.read())}
    except ValueError:
        return {"message": f"HTTP {refusal.code}", "errors": {}}
    return found
