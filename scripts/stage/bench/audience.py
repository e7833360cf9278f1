"""People who keep class pages open while it is measured how old the news on them is."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from stage.bench.contenders import PROGRAMS
from stage.checkout import StageError
from stage.site import Site

# Every tenth page is read by somebody who prefers English.
LANGUAGES = ("zh",) * 9 + ("en",)
# In a morning, 3,600 pages within two minutes.
PAGES_PER_S = 30
# So many of a class's pages are taken apart for the lag; all of them count events and errors.
LOOKS = 4


@dataclass(frozen=True)
class Told:
    """What the audience saw in one stretch of time; lags are sorted, in seconds."""

    open: int
    lags_s: Sequence[float]
    errors: Mapping[str, int]
    events: int
    fewest_events: int
    bytes: int
    cpu_s: float


class Audience:
    """The process with the pages; `took_s` is how long each took to open, the quickest first."""

    def __init__(self, questions: IO[str], answers: IO[str]) -> None:
        self._questions = questions
        self._answers = answers
        self.took_s: Sequence[float] = ()

    def begin(self) -> None:
        """What was seen so far does not count."""
        self.say("begin")

    def tell(self) -> Told:
        """What was seen since `begin`."""
        self.say("tell")
        return Told(**self.heard())

    def say(self, word: str) -> None:
        """One line to the process."""
        self._questions.write(word + "\n")
        self._questions.flush()

    def heard(self) -> dict[str, Any]:
        """Its next line. Raises StageError where there will be none."""
        line = self._answers.readline()
        if not line:
            raise StageError("the audience has gone")
        heard: dict[str, Any] = json.loads(line)
        return heard


@contextmanager
def watching(
    site: Site,
    epoch: float,
    lessons: Sequence[tuple[str, str]],
    each: int,
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[Audience]:
    """So many open pages of each of these (teacher's cookie, lesson); returns when all are open.

    Meanwhile `say` is told how many are.

    Raises StageError where one of them is refused or does not open.
    """
    chance = random.Random(len(lessons))  # noqa: S311 - repeatable, not secret
    pages = [
        [cookie, f"/lessons/{lesson}", LANGUAGES[number % len(LANGUAGES)], looks]
        for cookie, lesson in lessons
        for number, looks in enumerate(_some(each, chance))
    ]
    # A server is not reached by class after class.
    chance.shuffle(pages)
    wanted = {
        "host": "127.0.0.1",
        "port": site.port,
        "epoch": epoch,
        "pages_per_s": PAGES_PER_S,
        "pages": pages,
    }
    with subprocess.Popen(
        [sys.executable, str(PROGRAMS / "audience.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise StageError("the audience cannot be spoken to")
        audience = Audience(process.stdin, process.stdout)
        try:
            audience.say(json.dumps(wanted))
            while "opening" in (opened := audience.heard()):
                say(f"{opened['opening']} of {len(pages)} pages are open")
            if opened["open"] != len(pages):
                raise StageError(
                    f"{opened['open']} of {len(pages)} pages opened: {opened['errors']}"
                )
            audience.took_s = opened["took_s"]
            yield audience
        finally:
            process.kill()


def _some(each: int, chance: random.Random) -> list[bool]:
    looks = [number < LOOKS for number in range(each)]
    chance.shuffle(looks)
    return looks
