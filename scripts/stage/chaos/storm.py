"""One chaos from its first fault to the judgement."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stage.chaos import ledger, report
from stage.chaos.history import History
from stage.chaos.judge import Evidence, Finding, Record, judge
from stage.chaos.launches import Launches
from stage.chaos.overheard import Overheard, Task
from stage.chaos.pages import Pages
from stage.chaos.place import POLL_S, SETTLE_S, Place
from stage.chaos.report import FaultRow, Strike
from stage.chaos.scene import Scene
from stage.chaos.schedule import Point
from stage.chaos.slurm import Slurm
from stage.checkout import StageError

# After the last fault everything may take this long to come to its end.
CALM_S = 150.0
SAY_EVERY_S = 15.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a chaos found."""

    rows: Sequence[FaultRow]
    findings: Sequence[Finding]
    points_tried: int
    requests_repeated: int


def storm(place: Place, points: Sequence[Point], away_s: float, say: Say) -> Outcome:
    """Try every point, wait for calm, and judge."""
    history = History(place.database)
    launches = Launches(place, history)
    slurm = Slurm(place.plan)
    scene = Scene(place, slurm, history, launches, away_s)
    overheard = Overheard(slurm)
    pages = Pages(place, lambda: launches.newest.lesson if launches.newest else None)
    strikes: list[Strike] = []
    begun = next_line = time.monotonic()
    try:
        for point in points:
            began = time.monotonic()
            struck = point.kind.strike(scene, point.dice)
            strikes.append(Strike(point, struck, time.monotonic() - began))
            if time.monotonic() >= next_line:
                next_line = time.monotonic() + SAY_EVERY_S
                slurm.resume_drained()
                say(
                    f"{time.monotonic() - begun:7.0f} s  {len(strikes)} of {len(points)} points, "
                    f"{sum(len(one.runs) for one in launches.made)} runs, {history.live()} alive"
                )
        say(f"{time.monotonic() - begun:7.0f} s  all points tried; waiting for calm")
        slurm.resume_drained()
        scene.until(lambda: history.live() == 0, CALM_S)
        # Accounting is told in bundles.
        time.sleep(2)
    finally:
        pages.close()
        history.close()
        said = overheard.close()
    evidence = _evidence(scene, pages, said, strikes)
    findings = judge(evidence)
    rows = report.table(evidence, findings, strikes, pages.answers)
    return Outcome(rows, findings, len(strikes), launches.repeated)


def _evidence(
    scene: Scene,
    pages: Pages,
    said: Mapping[Task, Sequence[tuple[float, str]]],
    strikes: Sequence[Strike],
) -> Evidence:
    return Evidence(
        accepted=[run for launched in scene.launches.made for run in launched.runs],
        rows={row.run: row for row in scene.history.rows()},
        shown=scene.history.of_runs(),
        ledger=ledger.read(scene.place.ledger),
        records=_records(scene.slurm),
        seen=pages.seen,
        destroying=[(one.struck.begun, one.struck.ended) for one in strikes if one.struck.destroys],
        forgetting=[(one.struck.begun, one.struck.ended) for one in strikes if one.struck.forgets],
        cancelled=frozenset(run for one in strikes for run in one.struck.cancelled),
        said=said,
    )


def _records(slurm: Slurm) -> Mapping[Task, list[Record]]:
    """Accounting's records of every task, those of ids that were given out twice too."""
    text = slurm.command(
        "env",
        "SLURM_TIME_FORMAT=%s",
        "sacct",
        "--allusers",
        "--allocations",
        "--duplicates",
        "--noheader",
        "--parsable2",
        "--starttime=now-1days",
        "--format=JobID,State,End,JobName",
    )
    if not text:
        raise StageError("accounting says nothing")
    found: dict[Task, list[Record]] = {}
    for line in text.splitlines():
        job, state, end, name = line.split("|", 3)
        task = job.partition("_")[2]
        if task.isdigit():
            ended = float(end) if end.isdigit() else None
            found.setdefault((name, int(task)), []).append(Record(state.split()[0], ended))
    return found


def versions(slurm: Slurm) -> dict[str, str]:
    """What this chaos ran on."""
    words = slurm.command("sbatch", "--version").split()
    uname = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True)
    return {
        "slurm": words[-1] if words else "unknown",
        "sqlite": sqlite3.sqlite_version,
        "python": sys.version.split()[0],
        "linux": uname.stdout.strip(),
    }


def waiting_times() -> str:
    """The settings that decide how soon something can be reconciled."""
    return f"poll every {POLL_S:g} s, settle after {SETTLE_S:g} s"
