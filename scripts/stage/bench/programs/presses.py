"""Pupils who press Train, each at a given moment, over connections that are kept open.

Reads from stdin `{"host", "port", "begin_at", "presses": [[seconds, token, key, body], …]}`, waits
until `begin_at` (UTC seconds), and prints what each press was answered. The time of an answer is
counted from the moment at which the pupil pressed, so a portal that is slow to take the next
request cannot hide it. A press takes a connection that is idle, or opens one more.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import Any

PATIENCE_S = 60.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Crowd:
    """All pupils of a burst, and the connections that they share."""

    def __init__(self, host: str, port: int, begin_at: float) -> None:
        self._host, self._port, self._begin_at = host, port, begin_at
        self._idle: list[Connection] = []
        self.opened = 0

    async def press(self, at_s: float, request: bytes) -> dict[str, Any]:
        """One press and its answer; a fault of the connection is an answer of status 0."""
        pressed_at = self._begin_at + at_s
        await asyncio.sleep(pressed_at - time.time())
        sent_at = time.time()
        try:
            status, body = await asyncio.wait_for(self._ask(request), PATIENCE_S)
        except (OSError, EOFError, ValueError, TimeoutError) as fault:
            status, body = 0, repr(fault).encode()
        return {
            "late_s": sent_at - pressed_at,
            "took_s": time.time() - pressed_at,
            "status": status,
            "body": body.decode(errors="replace"),
        }

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        # As browsers do: a connection that the server has closed meanwhile is none.
        while self._idle and self._idle[-1][0].at_eof():
            self._idle.pop()[1].close()
        if self._idle:
            connection = self._idle.pop()
        else:
            self.opened += 1
            connection = await asyncio.open_connection(self._host, self._port)
        reader, writer = connection
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        body = await reader.readexactly(int(length))
        if b"\r\nconnection: close" in head:
            writer.close()
        else:
            self._idle.append(connection)
        return int(head.split(b" ", 2)[1]), body


def request_of(host: str, port: int, token: str, key: str, body: dict[str, Any]) -> bytes:
    """The bytes of one POST."""
    content = json.dumps(body).encode()
    head = (
        f"POST /api/v1/runs HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nAccept-Language: zh\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def burst(plan: dict[str, Any]) -> dict[str, Any]:
    """Every press of the plan."""
    host, port = plan["host"], plan["port"]
    crowd = Crowd(host, port, plan["begin_at"])
    requests = [(at, request_of(host, port, *words)) for at, *words in plan["presses"]]
    answers = await asyncio.gather(*(crowd.press(at, request) for at, request in requests))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "answers": answers,
        "connections": crowd.opened,
        "cpu_s": used.ru_utime + used.ru_stime,
    }


if __name__ == "__main__":
    json.dump(asyncio.run(burst(json.load(sys.stdin))), sys.stdout)
