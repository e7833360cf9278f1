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
    _kept: set[str] = field(default_factory=set)

    def launch(
        self,
        seats: int = 3,
        *,
        act: str = "work",
        tenths: int = 5,
        minutes: int = LESSON_MINUTES,
        school_class: str = "",
    ) -> Launched:
        """Launch a lesson, in a class that is free where none is named."""
        school_class = school_class or self.free_class()
        body = {
            "class": school_class,
            "template": "witness",
            "data": DATA_SET,
            "minutes": minutes,
            "seats": list(range(1, seats + 1)),
            "share": 1,
            "parameters": {"act": act, "tenths": tenths},
        }
        answer = self._post(body)
        runs = tuple(seat["run"] for seat in answer["seats"] if seat["run"])
        launched = Launched(answer["id"], school_class, runs, time.time())
        self._in_class[school_class] = launched
        self._kept.discard(school_class)
        self.made.append(launched)
        return launched

    def has_room(self) -> bool:
        """Whether a class is free without waiting."""
        return bool(self._free())

    def _free(self) -> list[str]:
        return [
            name
            for name in self.place.classes
            if name not in self._kept
            and (name not in self._in_class or self.history.over(self._in_class[name].runs))
        ]

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

    def free_class(self) -> str:
        """A class in which nobody trains, kept for the caller; waits where there is none."""
        deadline = time.monotonic() + PATIENCE_S
        enough = 1
        while True:
            free = self._free()
            if len(free) >= enough:
                self._kept.add(free[0])
                return free[0]
            late = time.monotonic() > deadline
            # Were the next one taken at once, a fault would follow each recovery and no two
            # faults each other.
            enough = 1 if late else len(self.place.classes) // 3
            if late and not free:
                raise StageError(f"no class has become free within {PATIENCE_S:.0f} s")
            time.sleep(0.02)
