"""A row for each kind of fault, and the line of JSON at the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from stage.chaos.history import FINAL, Shown
from stage.chaos.judge import Evidence, Finding, Wrong
from stage.chaos.pages import Answered
from stage.chaos.scene import Struck
from stage.chaos.schedule import Point

ALL = "all"
# After its end a fault goes on slowing pages down while what it did is put right.
AFTERMATH_S = 5.0


@dataclass(frozen=True)
class Strike:
    """A point that was tried, and the seconds that it took with all that it waited for."""

    point: Point
    struck: Struck
    took_s: float


@dataclass(frozen=True)
class FaultRow:
    """One kind of fault."""

    fault: str
    points: int
    seconds_a_point: float
    runs: int
    lost: int
    doubled: int
    wrong_verdicts: int
    lost_visibly: int
    reconciled_p50_s: float | None
    reconciled_p95_s: float | None
    reconciled_max_s: float | None
    pages: int
    pages_p50_ms: float | None
    pages_p95_ms: float | None
    errors: int


def table(
    evidence: Evidence,
    findings: Sequence[Finding],
    strikes: Sequence[Strike],
    pages: Sequence[Answered],
) -> list[FaultRow]:
    """A row for each kind of fault that was tried, and one for all of them."""
    touching = {run: _touching(run, shown, strikes) for run, shown in evidence.shown.items()}
    lags = {run: _lag(evidence, run, ones) for run, ones in touching.items() if ones}
    rows = []
    names = list(dict.fromkeys(strike.point.kind.name for strike in strikes))
    for name in [*names, ALL]:
        of_kind = [one for one in strikes if name in (one.point.kind.name, ALL)]
        runs = [
            run
            for run, ones in touching.items()
            if name == ALL or any(one.point.kind.name == name for one in ones)
        ]
        among = set(runs)
        counts = {
            wrong: len({one.run for one in findings if one.wrong is wrong} & among)
            for wrong in Wrong
        }
        waits = [lag for run in runs if (lag := lags.get(run)) is not None]
        answers = pages if name == ALL else [one for one in pages if _during(one, of_kind)]
        times = [one.seconds * 1000 for one in answers]
        rows.append(
            FaultRow(
                fault=name,
                points=len(of_kind),
                seconds_a_point=round(sum(one.took_s for one in of_kind) / len(of_kind), 2),
                runs=len(runs),
                lost=counts[Wrong.LOST],
                doubled=counts[Wrong.DOUBLED],
                wrong_verdicts=counts[Wrong.VERDICT],
                lost_visibly=counts[Wrong.VISIBLY],
                reconciled_p50_s=percentile(waits, 50, 1),
                reconciled_p95_s=percentile(waits, 95, 1),
                reconciled_max_s=percentile(waits, 100, 1),
                pages=len(answers),
                pages_p50_ms=percentile(times, 50),
                pages_p95_ms=percentile(times, 95),
                errors=sum(not _good(one) for one in answers),
            )
        )
    return rows


def lines(rows: Iterable[FaultRow]) -> list[str]:
    """The table for a person."""
    head = (
        f"{'fault':<21}{'points':>7}{'s each':>8}{'runs':>6}{'lost':>6}{'doubled':>8}{'wrong':>7}"
        f"{'lost visibly':>14}{'reconciled s p50':>18}{'p95':>7}{'max':>7}"
        f"{'pages ms p50':>14}{'p95':>7}{'errors':>8}"
    )
    return [head, *(_line(row) for row in rows)]


def summary(rows: Sequence[FaultRow], seed: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The last line, as JSON."""
    whole = rows[-1]
    return {
        "points": whole.points,
        "lost": whole.lost,
        "doubled": whole.doubled,
        "wrong_verdicts": whole.wrong_verdicts,
        "lost_visibly": whole.lost_visibly,
        "reconciled_p95_s": whole.reconciled_p95_s,
        "pages_p95_ms": whole.pages_p95_ms,
        "seed": seed,
        **facts,
        "rows": [asdict(row) for row in rows[:-1]],
    }


def percentile(values: Sequence[float], part: float, digits: int = 0) -> float | None:
    """The smallest value that so many percent of all do not exceed; None of none."""
    if not values:
        return None
    place = max(0, math.ceil(part / 100 * len(values)) - 1)
    return round(sorted(values)[place], digits)


def _touching(run: str, shown: Sequence[Shown], strikes: Sequence[Strike]) -> list[Strike]:
    """The faults that fell into a run's life, and were not only about other runs."""
    born, died = shown[0].at, _end(shown)
    return [
        one
        for one in strikes
        if born <= one.struck.ended
        and one.struck.begun <= died
        and (one.struck.runs is None or run in one.struck.runs)
    ]


def _lag(evidence: Evidence, run: str, touching: Sequence[Strike]) -> float | None:
    """Seconds from the end of the last fault until the run's end was shown.

    Those in which its program worked do not count; None for one that never ended.
    """
    died = _end(evidence.shown[run])
    if died == math.inf:
        return None
    ended = max(one.struck.ended for one in touching)
    row = evidence.rows[run]
    witnessed = evidence.ledger.get((run, row.attempt))
    worked = 0.0
    if witnessed is not None and witnessed.begun:
        stops = [entry.at for entry in witnessed.ended]
        key = (row.batch or "", -1 if row.task is None else row.task)
        stops += [record.ended for record in evidence.records.get(key, ()) if record.ended]
        stop = min([*stops, died])
        worked = max(0.0, stop - max(ended, witnessed.begun[0].at))
    return max(0.0, died - ended - worked)


def _end(shown: Sequence[Shown]) -> float:
    return next((one.at for one in shown if one.state in FINAL), math.inf)


def _during(answer: Answered, strikes: Iterable[Strike]) -> bool:
    return any(
        one.struck.begun <= answer.at + answer.seconds
        and answer.at <= one.struck.ended + AFTERMATH_S
        for one in strikes
    )


def _good(answer: Answered) -> bool:
    return 0 < answer.status < HTTPStatus.INTERNAL_SERVER_ERROR


def _line(row: FaultRow) -> str:
    def of(value: float | None) -> str:
        return "–" if value is None else f"{value:g}"

    return (
        f"{row.fault:<21}{row.points:>7}{row.seconds_a_point:>8g}{row.runs:>6}{row.lost:>6}{row.doubled:>8}"
        f"{row.wrong_verdicts:>7}{row.lost_visibly:>14}{of(row.reconciled_p50_s):>18}"
        f"{of(row.reconciled_p95_s):>7}{of(row.reconciled_max_s):>7}{of(row.pages_p50_ms):>14}"
        f"{of(row.pages_p95_ms):>7}{row.errors:>8}"
    )
