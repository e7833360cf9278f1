"""One snapshot a second of each watched class, handed to everybody who looks.

Whoever opens a class page listens to a channel. The first listener starts one thread for that
lesson in this process, the last one to leave ends it; in between the thread makes a frame every
`snapshot_seconds`, and every listener gets the same bytes. Nothing here but plain `threading`, so
it runs under gunicorn's gevent workers (where threads are greenlets) and under its threads alike.
When its process is told to stop, every stream ends at once, and its reader comes back to the next.

The wire format is that of server-sent events:
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from portal.services import Services
from portal.web.frame import Frame
from portal.web.relay import SHARED_FOLDER, Make, Relay
from portal.web.rounds import until_round
from portal.web.snapshots import frame_of

EXTENSION = "kesuan-broadcast"
BEAT_S = 5.0
KEEP_IDLE_S = 60.0
# By how many times its second a frame of a watched class may be late before a newcomer makes one.
MOST_LATE = 5
# When a reader comes back after a stop: not all of a hall in the same moment.
COME_BACK_MS = (500, 2500)
# Nothing has changed, and the line still stands.
BEAT = b"event: beat\ndata: {}\n\n"

log = logging.getLogger(__name__)


@dataclass
class _Channel:
    """The newest frame of one lesson, and who waits for the next one."""

    # Set, and another one put in its place, when there is something to send.
    turned: threading.Event = field(default_factory=threading.Event)
    turned_at: float = field(default_factory=time.monotonic)
    making: threading.Lock = field(default_factory=threading.Lock)
    frame: Frame | None = None
    # Before there is a frame, when the channel was made: one that waits for its first is not idle.
    made_at: float = field(default_factory=time.monotonic)
    listeners: int = 0
    watched: bool = False

    def put(self, frame: Frame) -> None:
        news = self.frame is None or frame.version != self.frame.version
        self.frame, self.made_at = frame, time.monotonic()
        if news:
            self.turn()

    def turn(self) -> None:
        turned, self.turned = self.turned, threading.Event()
        self.turned_at = time.monotonic()
        turned.set()

    def beat(self) -> None:
        """Let everybody be told that the line stands, where there was nothing to say for long."""
        if time.monotonic() - self.turned_at >= BEAT_S:
            self.turn()


class Broadcaster:
    """All channels of this process."""

    def __init__(self, make: Make, every: float) -> None:
        self._make = make
        self._every = every
        self._channels: dict[str, _Channel] = {}
        self._lock = threading.Lock()
        self._closed = False

    def latest(self, key: str) -> Frame:
        """A frame that is at most `every` seconds old."""
        return self._latest(self._channel(key), key)

    def listen(self, key: str, language: str, until: float) -> Iterator[bytes]:
        """Events from now to `until` (UTC seconds) or to the end of the lesson.

        After `close` the stream says when to come back and ends without its end event, so that the
        browser asks again by itself.
        """
        # Joined first: a channel that nobody listens to may be forgotten while its frame is made.
        channel = self._join(key)
        try:
            frame = self._latest(channel, key)
            yield _event("snapshot", frame.bytes_for(language))
            while time.time() < until and not frame.over:
                seen, frame = frame.version, self._next(channel, frame.version)
                if self._closed:
                    yield b"retry: %d\n\n" % random.randint(*COME_BACK_MS)  # noqa: S311
                    return
                if frame.version == seen:
                    yield BEAT
                else:
                    # Most lines of a school are thin, and in a second few of forty seats move.
                    yield _event("snapshot", frame.bytes_for(language, seen))
            yield _event("end", b"{}")
        finally:
            self._leave(channel)

    def close(self) -> None:
        """End every stream now: this process is about to stop."""
        self._closed = True
        with self._lock:
            channels = list(self._channels.values())
        for channel in channels:
            channel.turn()

    def forget_old(self) -> None:
        """Keep nothing of lessons that nobody looks at any more; called now and then."""
        old = time.monotonic() - KEEP_IDLE_S
        with self._lock:
            self._forget_idle(old)
        try:
            if isinstance(self._make, Relay):
                self._make.sweep()
        except OSError:
            log.exception("old frames cannot be swept")

    def listeners(self, key: str) -> int:
        """How many listen to a lesson here."""
        with self._lock:
            return self._channels[key].listeners if key in self._channels else 0

    def _latest(self, channel: _Channel, key: str) -> Frame:
        if not self._is_fresh(channel):
            with channel.making:
                if not self._is_fresh(channel):
                    channel.put(self._make(key, channel.frame))
        return cast(Frame, channel.frame)

    def _is_fresh(self, channel: _Channel) -> bool:
        """Whether the frame will do. Where a thread makes them, nobody does its work beside it.

        Otherwise a hall that opens its pages at once would make a frame for each of them, just
        when there is the least time for it.
        """
        late = MOST_LATE if channel.watched else 1
        old = time.monotonic() - channel.made_at
        return channel.frame is not None and old <= late * self._every

    def _channel(self, key: str, *, joining: bool = False) -> _Channel:
        with self._lock:
            self._forget_idle(time.monotonic() - KEEP_IDLE_S)
            channel = self._channels.setdefault(key, _Channel())
            channel.listeners += joining
            return channel

    def _forget_idle(self, before: float) -> None:
        for name, channel in list(self._channels.items()):
            if not channel.listeners and not channel.watched and channel.made_at < before:
                del self._channels[name]

    def _join(self, key: str) -> _Channel:
        channel = self._channel(key, joining=True)
        with self._lock:
            start, channel.watched = not channel.watched, True
        if start:
            threading.Thread(
                target=self._watch, args=(key, channel), name=f"lesson {key}", daemon=True
            ).start()
        return channel

    def _leave(self, channel: _Channel) -> None:
        with self._lock:
            channel.listeners -= 1

    def _watch(self, key: str, channel: _Channel) -> None:
        while True:
            time.sleep(until_round(key, self._every))
            with self._lock:
                channel.watched = channel.listeners > 0
                if not channel.watched:
                    return
            try:
                with channel.making:
                    channel.put(self._make(key, channel.frame))
            except Exception:
                # The pages keep the last frame and its age; the next second tries again.
                log.exception("no snapshot of lesson %s", key, extra={"lesson": key})
            channel.beat()

    def _next(self, channel: _Channel, seen: str) -> Frame:
        """The next frame that differs from `seen`, or the newest when it is time for a beat.

        Waits without a limit of its own: a timer for each of thousands of pages would cost as much
        as what they are sent.
        """
        turned = channel.turned
        if cast(Frame, channel.frame).version == seen and not self._closed:
            turned.wait()
        return cast(Frame, channel.frame)


def register(app: Flask, house: Services) -> None:
    """Give the application its broadcaster."""
    every = house.settings.web.snapshot_seconds

    def make(lesson_id: str, before: Frame | None) -> Frame:
        return frame_of(house, lesson_id, before)

    folder = os.environ.get(SHARED_FOLDER)
    app.extensions[EXTENSION] = Broadcaster(
        Relay(Path(folder), make, every) if folder else make, every
    )


def broadcaster() -> Broadcaster:
    """The broadcaster of the application that is answering."""
    return cast(Broadcaster, current_app.extensions[EXTENSION])


def _event(name: str, data: bytes) -> bytes:
    # The JSON of a frame has no line breaks, so one `data:` line carries it.
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
