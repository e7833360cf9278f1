"""Asking a portal over HTTP: again where that is safe, and never where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from portal.commands.connection import Connection
from portal.commands.failures import Refused
from portal.commands.results import inside
from portal.errors import PortalError, Unavailable

Answer = httpx.Response | httpx.TransportError


class Script:
    """A portal that gives these answers, one after another, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    @property
    def connection(self) -> Connection:
        transport = httpx.MockTransport(self)
        return Connection("http://portal/", "ksn_x", transport=transport, sleep=self.slept.append)


def _busy() -> httpx.Response:
    body = {"code": "unavailable", "message": "Later.", "errors": {}, "transient": True}
    return httpx.Response(503, json=body)


def test_a_read_is_repeated_until_the_portal_answers() -> None:
    script = Script(httpx.ConnectError("no"), _busy(), httpx.Response(200, json={"ok": 1}))
    assert script.connection.get("/runs", limit=5, state=None) == {"ok": 1}
    assert [str(request.url) for request in script.asked] == [
        "http://portal/api/v1/runs?limit=5"
    ] * 3
    assert script.slept == [0.5, 1.0]
    assert script.asked[0].headers["Authorization"] == "Bearer ksn_x"


def test_work_is_asked_for_again_under_the_same_key() -> None:
    script = Script(httpx.ReadTimeout("slow"), httpx.Response(201, json={"id": "r"}))
    assert script.connection.post("/runs", {"template": "t"}, key="key-1234") == {"id": "r"}
    first, second = script.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "key-1234"
    assert first.content == second.content


@pytest.mark.parametrize(
    "ask",
    [lambda c: c.post("/tokens", {}), lambda c: c.delete("/tokens/x")],
    ids=["post without a key", "delete"],
)
def test_what_is_not_safe_to_repeat_is_not_repeated(ask: Callable[[Connection], object]) -> None:
    script = Script(httpx.ReadTimeout("slow"))
    with pytest.raises(Unavailable) as caught:
        ask(script.connection)
    assert caught.value.transient
    assert len(script.asked) == 1


def test_patience_ends() -> None:
    script = Script(*[httpx.ConnectError("no")] * 9)
    with pytest.raises(Unavailable, match="http://portal does not answer"):
        script.connection.get("/runs")
    assert len(script.asked) == 5


def test_a_refusal_is_not_repeated_and_keeps_the_portals_words() -> None:
    told = {"code": "invalid", "message": "Look.", "errors": {"share": ["None left."]}}
    script = Script(httpx.Response(422, json=told))
    with pytest.raises(Refused) as caught:
        script.connection.get("/runs")
    assert (caught.value.status, caught.value.by_field) == (422, {"share": ["None left."]})


def test_something_else_that_answers_is_not_believed() -> None:
    with pytest.raises(Unavailable, match="is no Kesuan"):
        Script(httpx.Response(200, text="<html>")).connection.get("/me")
    with pytest.raises(Refused, match="HTTP 502"):
        Script(httpx.Response(502, text="<html>")).connection.get("/me")


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"half"
        raise httpx.ReadError("gone")

    script = Script(httpx.Response(200, content=broken()))  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        script.connection.download("/runs/r/artifacts/model.onnx", tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", "..\\x"])
def test_a_name_from_outside_stays_inside(tmp_path: Path, name: str) -> None:
    with pytest.raises(PortalError):
        inside(tmp_path, name)


def test_a_name_below_is_kept(tmp_path: Path) -> None:
    assert inside(tmp_path, "predictions/000.png") == tmp_path / "predictions" / "000.png"
