"""A teacher who launches small lessons, and repeats every request that was not answered."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stage.chaos.history import History
from stage.chaos.place import DATA_SET, Place
from stage.checkout import StageError
from stage.client import Refused

LESSON_MINUTES = 120
AGAIN_S = 0.3
PATIENCE_S = 120.0
# A lesson that is not over after this long is left to the judge; its class is not used again.
GIVEN_UP_S = 180.0


@dataclass(frozen=True)
class Launched:
    """A lesson that the portal has taken."""

    lesson: str
    school_class: str
    runs: tuple[str, ...]
    at: float


@dataclass
class Launches:
    """Who trains where. A class has one lesson at a time."""

    place: Place
    history: History
    made: list[Launched] = field(default_factory=list)
    repeated: int = 0
    _in_class: dict[str, Launched] = field(default_factory=dict)

    def launch(
        self, seats: int = 3, *, act: str = "work", tenths: int = 5, minutes: int = 5
    ) -> Launched:
        """Launch a lesson in a class that is free, and wait for one where none is."""
        school_class = self._free_class()
        body = {
            "class": school_class,
            "template": "witness",
            "data": DATA_SET,
            "minutes": minutes if act == "over" else LESSON_MINUTES,
            "seats": list(range(1, seats + 1)),
            "share": 1,
            "parameters": {"act": act, "tenths": tenths},
        }
        answer = self._post(body)
        runs = tuple(seat["run"] for seat in answer["seats"] if seat["run"])
        launched = Launched(answer["id"], school_class, runs, time.time())
        self._in_class[school_class] = launched
        self.made.append(launched)
        return launched

    @property
    def newest(self) -> Launched | None:
        return self.made[-1] if self.made else None

    def _post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """With one key, however often; what was answered in the end."""
        key = str(uuid.uuid4())
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.place.teacher.post("/lessons", dict(body), key=key)
            except Refused as refusal:
                if refusal.status < 500 or time.monotonic() > deadline:
                    raise
            except StageError:
                if time.monotonic() > deadline:
                    raise
            self.repeated += 1
            time.sleep(AGAIN_S)

    def _free_class(self) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for name in self.place.classes:
                last = self._in_class.get(name)
                if last is None or self.history.over(last.runs):
                    return name
            if time.monotonic() > deadline:
                raise StageError(f"no class has become free within {PATIENCE_S:.0f} s")
            time.sleep(0.02)
