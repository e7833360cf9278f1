"""How long the pages of a class take to answer while all this goes on, and what they say."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from stage import viewers
from stage.chaos.place import TEACHER, Place
from stage.checkout import StageError
from stage.client import Refused

EVERY_S = 0.15
PATIENCE_S = 30
NO_ANSWER = 0


@dataclass(frozen=True)
class Answered:
    """One page: when it was asked for, how long it took, its status (0: no answer at all)."""

    at: float
    seconds: float
    status: int


@dataclass(frozen=True)
class Seen:
    """A seat on a page of a class."""

    run: str
    attempt: int
    state: str
    asked: float
    answered: float


class Pages:
    """Looks by turns at a class's page, as a browser, and at the lesson, as a program."""

    def __init__(self, place: Place, lesson: Callable[[], str | None]) -> None:
        self._site = place.site
        self._teacher = place.teacher
        self._lesson = lesson
        self._cookie = viewers.session_cookie(place.site, TEACHER, place.password)
        self._stop = threading.Event()
        self.answers: list[Answered] = []
        self.seen: list[Seen] = []
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)

    def _look_on(self) -> None:
        number = 0
        while not self._stop.wait(EVERY_S):
            lesson = self._lesson()
            if lesson is None:
                continue
            number += 1
            asked, begun = time.time(), time.monotonic()
            status = self._page(lesson) if number % 2 else self._program(lesson, asked)
            self.answers.append(Answered(asked, time.monotonic() - begun, status))

    def _page(self, lesson: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", f"/lessons/{lesson}", headers={"Cookie": self._cookie})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return NO_ANSWER
        finally:
            connection.close()
        return answer.status

    def _program(self, lesson: str, asked: float) -> int:
        try:
            found = self._teacher.get(f"/lessons/{lesson}")
        except Refused as refusal:
            return refusal.status
        except StageError:
            return NO_ANSWER
        now = time.time()
        self.seen += [
            Seen(seat["run"], seat["attempt"], seat["state"], asked, now)
            for seat in found["seats"]
            if seat["run"]
        ]
        return int(HTTPStatus.OK)
