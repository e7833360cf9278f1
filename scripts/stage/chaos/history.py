"""Every state that the portal's database ever held, however briefly.

The site's database gets a table and two triggers, so that each change is kept in the transaction
that makes it: no look in between can miss one. The time is the observer's, who reads the new rows
twenty times a second: the clock of the process that writes them may be wrong on purpose.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 0.05
FINAL = frozenset({"succeeded", "failed", "cancelled", "lost"})

_INSTALL = """
CREATE TABLE chaos_shown
    (n INTEGER PRIMARY KEY, run TEXT, attempt INTEGER, state TEXT, reason TEXT);
CREATE TRIGGER chaos_made AFTER INSERT ON run BEGIN
    INSERT INTO chaos_shown (run, attempt, state, reason)
    VALUES (NEW.id, NEW.attempt, NEW.state, NEW.reason);
END;
CREATE TRIGGER chaos_moved AFTER UPDATE OF state, attempt ON run
WHEN OLD.state <> NEW.state OR OLD.attempt <> NEW.attempt BEGIN
    INSERT INTO chaos_shown (run, attempt, state, reason)
    VALUES (NEW.id, NEW.attempt, NEW.state, NEW.reason);
END;
"""


@dataclass(frozen=True)
class Shown:
    """A run in a state, from a moment on."""

    run: str
    attempt: int
    state: str
    reason: str | None
    at: float


@dataclass(frozen=True)
class Row:
    """A run as the database has it at the end."""

    run: str
    attempt: int
    state: str
    reason: str | None
    lesson: str
    batch: str | None
    task: int | None
    job: int | None
    act: str


class History:
    """Reads along in a thread of its own."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._shown: list[Shown] = []
        self._last: dict[str, Shown] = {}
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(_INSTALL)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Read what is left, and end."""
        self._stop.set()
        self._thread.join()

    def live(self) -> int:
        """How many runs have not ended."""
        with self._lock:
            return sum(one.state not in FINAL for one in self._last.values())

    def over(self, runs: Sequence[str]) -> bool:
        """Whether all of these have ended."""
        with self._lock:
            return all(run in self._last and self._last[run].state in FINAL for run in runs)

    def states(self, runs: Sequence[str]) -> list[str]:
        """The states that these were last seen in; of those that were seen."""
        with self._lock:
            return [self._last[run].state for run in runs if run in self._last]

    def of_runs(self) -> Mapping[str, list[Shown]]:
        """All that was shown of each run, in its order."""
        found: dict[str, list[Shown]] = defaultdict(list)
        with self._lock:
            for one in self._shown:
                found[one.run].append(one)
        return found

    def batch_of(self, run: str) -> tuple[str, int | None, int | None] | None:
        """The run's batch, its Slurm job id and the run's number in it; None while it has none."""
        query = """SELECT batch.id, batch.job_id, run.task FROM run
                   JOIN batch ON batch.id = run.batch_id WHERE run.id = ?"""
        with closing(self._open()) as connection:
            row: tuple[str, int | None, int | None] | None = connection.execute(
                query, (run,)
            ).fetchone()
            return row

    def beside(self, run: str) -> tuple[str, ...]:
        """All runs of its batch: lessons of a school that wait together travel together."""
        query = "SELECT id FROM run WHERE batch_id = (SELECT batch_id FROM run WHERE id = ?)"
        with closing(self._open()) as connection:
            return tuple(row[0] for row in connection.execute(query, (run,)))

    def rows(self) -> list[Row]:
        """Every run as it is now."""
        query = """SELECT run.id, run.attempt, run.state, run.reason, run.lesson_id, batch.id,
                          run.task, batch.job_id, run.parameters ->> '$.act'
                   FROM run LEFT JOIN batch ON batch.id = run.batch_id"""
        with closing(self._open()) as connection:
            return [Row(*row) for row in connection.execute(query)]

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=30)

    def _follow(self) -> None:
        seen = 0
        query = "SELECT n, run, attempt, state, reason FROM chaos_shown WHERE n > ? ORDER BY n"
        with closing(self._open()) as connection:
            last_look = False
            while not last_look:
                last_look = self._stop.wait(LOOK_S)
                rows = connection.execute(query, (seen,)).fetchall()
                now = time.time()
                if not rows:
                    continue
                seen = rows[-1][0]
                with self._lock:
                    for _, run, attempt, state, reason in rows:
                        one = Shown(run, attempt, state, reason, now)
                        self._shown.append(one)
                        self._last[one.run] = one
