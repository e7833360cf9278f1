"""Somebody with a browser's cookies and no scripts, who may send what no browser would."""

from __future__ import annotations

import html
import http.client
import json
import re
import select
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stage.site import Site
from stage.viewers import session_cookie

BOUNDARY = "kesuan-7f3a"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
# What a page says about a fault: beside a field, in a notice, or as the one sentence of a page.
_SAID = re.compile(r'<p class="fault"[^>]*>(.*?)</p>|role="alert"[^>]*>(.*?)</div>', re.DOTALL)
_HEADING = re.compile(r"<main.*?</main>", re.DOTALL)
_TAGS = re.compile(r"<svg.*?</svg>|<[^>]+>", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: str
    location: str = ""

    @property
    def said(self) -> str:
        """The sentences that a person reads, of a page or of the API."""
        if self.body.startswith("{"):
            told = json.loads(self.body)
            beside = (f"{name}: {' '.join(said)}" for name, said in told["errors"].items())
            return " ".join([told["message"], *beside])
        found = [one or other for one, other in _SAID.findall(self.body)]
        if not found and (main := _HEADING.search(self.body)):
            found = [main[0]]
        words = [html.unescape(_TAGS.sub(" ", part)) for part in found]
        return " / ".join(dict.fromkeys(" ".join(part.split()) for part in words))


class Visitor:
    """One logged-in person."""

    def __init__(self, site: Site, login: str, password: str, language: str = "zh") -> None:
        self._port = site.port
        self._headers = {
            "Cookie": session_cookie(site, login, password),
            "Accept-Language": language,
            "Referer": site.address,
        }
        self._token = _TOKEN.search(self.get("/data/new").body)

    @property
    def token(self) -> str:
        if self._token is None:
            raise AssertionError("the upload form has no CSRF token")
        return html.unescape(self._token[1])

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, {}, [], 0)

    def post(self, path: str, **fields: str) -> Answer:
        """A form, sent as a browser sends it."""
        parts = [self._part(name, value) for name, value in self._with_token(fields).items()]
        return self._multipart(path, parts, [], 0, closing=b"")

    def upload(self, filename: str, content: Iterable[bytes], length: int, **fields: str) -> Answer:
        """The upload form with a file of `length` bytes, sent piece by piece."""
        answered = self._with_token({"personal": "no", **fields})
        parts = [self._part(key, value) for key, value in answered.items()]
        parts.append(
            f"--{BOUNDARY}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        return self._multipart("/data/new", parts, content, length, closing=b"\r\n")

    def _with_token(self, fields: dict[str, str]) -> dict[str, str]:
        return {"csrf_token": self.token, **fields}

    def _part(self, name: str, value: str) -> str:
        disposition = f'Content-Disposition: form-data; name="{name}"'
        return f"--{BOUNDARY}\r\n{disposition}\r\n\r\n{value}\r\n"

    def _multipart(
        self, path: str, parts: list[str], content: Iterable[bytes], length: int, *, closing: bytes
    ) -> Answer:
        head, tail = "".join(parts).encode(), closing + f"--{BOUNDARY}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        total = len(head) + length + len(tail)
        return self._ask("POST", path, headers, _chain(head, content, tail), total)

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: Iterable[bytes], length: int
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=180)
        try:
            connection.putrequest(method, path)
            for name, value in {**self._headers, **headers}.items():
                connection.putheader(name, value)
            if method == "POST":
                connection.putheader("Content-Length", str(length))
            connection.endheaders()
            for piece in body:
                if _answered(connection):
                    break  # refused while it arrives: the rest need not be sent
                connection.send(piece)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            return Answer(answer.status, text, answer.headers.get("Location", ""))
        finally:
            connection.close()


def _chain(head: bytes, content: Iterable[bytes], tail: bytes) -> Iterable[bytes]:
    yield head
    yield from content
    yield tail


def _answered(connection: http.client.HTTPConnection) -> bool:
    sock: Any = connection.sock
    return bool(select.select([sock], [], [], 0)[0])
