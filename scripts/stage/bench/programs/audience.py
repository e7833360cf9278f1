"""Keeps so many class pages open as browsers do, and measures how old the news on them is.

Reads one line `{"host", "port", "epoch", "pages_per_s", "pages": [[cookie, path, language, looks],
…]}` from stdin and opens so many pages a second: the page itself, then its event stream. Meanwhile
it prints how many are open, and at last how long they took. Then every line is a question: `begin`
forgets what was seen so far, `tell` prints what was seen since as JSON. With the end of stdin all
pages close.

Every page counts its events. Those that `looks` is true of also take them apart: the accuracy of a
seat is when its job wrote it (see reports.py), so the lag is what the clock says now less that.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# Whoever has waited so long for a page has gone.
PATIENCE_S = 60.0
TELL_EVERY_S = 10.0
OK = 200
LENGTH = re.compile(r"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Seen:
    """What all pages saw since `begin`."""

    lags_s: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    bytes: int = 0


@dataclass
class Page:
    """One open page, and what its reader has seen."""

    looks: bool
    events: int = 0
    shown: dict[int, float] = field(default_factory=dict)

    def event(self, text: bytes, seen: Seen, epoch: float) -> None:
        self.events += 1
        if not self.looks or not text.startswith(b"event: snapshot\n"):
            return
        now = time.time()
        for tile in json.loads(text.partition(b"\ndata: ")[2])["tiles"]:
            # What is not said of a seat has not changed.
            number, stamp = tile["number"], tile.get("headline")
            before = self.shown.get(number)
            if stamp is None or stamp == before:
                continue
            self.shown[number] = stamp
            # What a page shows when it opens was written whenever it was.
            if before is not None:
                seen.lags_s.append(now - epoch - stamp * 1000)


class Audience:
    """All the pages."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self._wanted = wanted
        self._seen = Seen()
        self._pages = [Page(bool(looks)) for *_, looks in wanted["pages"]]
        self._open = 0
        self._took_s: list[float] = []

    async def stay(self) -> None:
        """Open all pages, answer questions, and close with stdin."""
        pace_s = 1 / self._wanted["pages_per_s"]
        pages = zip(self._wanted["pages"], self._pages, strict=True)
        readers = [
            asyncio.create_task(self._read(number * pace_s, cookie, path, language, page))
            for number, ((cookie, path, language, _), page) in enumerate(pages)
        ]
        begun = told = time.monotonic()
        deadline = begun + len(readers) * pace_s + PATIENCE_S
        while self._open + self._seen.errors.total() < len(readers):
            now = time.monotonic()
            if now > deadline:
                break
            if now > told + TELL_EVERY_S:
                told = now
                print(json.dumps({"opening": self._open}), flush=True)
            await asyncio.sleep(0.05)
        opened = {"open": self._open, "errors": dict(self._seen.errors)}
        print(json.dumps({**opened, "took_s": sorted(self._took_s)}), flush=True)
        loop = asyncio.get_running_loop()
        while question := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            if question == "begin":
                self._seen = Seen()
                for page in self._pages:
                    page.events = 0
            else:
                print(json.dumps(self._told()), flush=True)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    def _told(self) -> dict[str, Any]:
        events = sorted(page.events for page in self._pages)
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "open": self._open,
            "lags_s": [round(lag, 4) for lag in sorted(self._seen.lags_s)],
            "errors": dict(self._seen.errors),
            "events": sum(events),
            "fewest_events": events[0] if events else 0,
            "bytes": self._seen.bytes,
            "cpu_s": used.ru_utime + used.ru_stime,
        }

    async def _read(
        self, after_s: float, cookie: str, path: str, language: str, page: Page
    ) -> None:
        try:
            await asyncio.sleep(after_s)
            begun = time.monotonic()
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await asyncio.open_connection(
                    self._wanted["host"], self._wanted["port"], limit=2**20
                )
                asked = f"Accept-Language: {language}\r\nCookie: {cookie}"
                length = await _ask(reader, writer, path, asked)
                self._seen.bytes += len(await reader.readexactly(length))
                await _ask(reader, writer, f"{path}/events", asked)
                await self._event(reader, page)
            self._took_s.append(round(time.monotonic() - begun, 3))
            self._open += 1
            try:
                while await self._event(reader, page):
                    pass
            finally:
                self._open -= 1
                writer.close()
        except Refused as fault:
            self._seen.errors[str(fault)] += 1
        except Exception as fault:
            # Whatever it was, this page shows nothing any more.
            self._seen.errors[repr(fault)[:100]] += 1

    async def _event(self, reader: asyncio.StreamReader, page: Page) -> bool:
        """One chunk (RFC 9112, 7.1), for the server sends each event as one; False at the end."""
        size = int(await reader.readline(), 16)
        event = (await reader.readexactly(size + 2))[:size]
        self._seen.bytes += size
        if event.startswith(b"event: end"):
            self._seen.errors["ended"] += 1
        page.event(event, self._seen, self._wanted["epoch"])
        return size > 0


class Refused(Exception):
    """An answer that is no page."""


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, asked: str
) -> int:
    """Ask for a page; the bytes of its content that follow, 0 for a stream. Raises `Refused`."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: portal\r\n{asked}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    if status != OK:
        raise Refused(f"HTTP {status}")
    length = LENGTH.search(head)
    return int(length[1]) if length else 0


def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(Audience(json.loads(sys.stdin.readline())).stay())


if __name__ == "__main__":
    main()
