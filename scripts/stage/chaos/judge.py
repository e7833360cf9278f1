"""What people were shown, held against what happened. Pure.

The truth about an attempt has three witnesses: the ledger that its program wrote into, Slurm's
accounting, and what this chaos itself did. A fault may destroy what accounting or the program
would have said; then LOST, which people see and may retry, is the right end, and counts apart.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stage.chaos.history import FINAL, Row, Shown
from stage.chaos.ledger import Attempt, Witnessed
from stage.chaos.overheard import Task
from stage.chaos.pages import Seen

# The reason beside a failure that only one word of Slurm's justifies.
WORD_OF: Mapping[str, frozenset[str]] = {
    "time-limit": frozenset({"TIMEOUT", "DEADLINE"}),
    "out-of-memory": frozenset({"OUT_OF_MEMORY"}),
    "node-failed": frozenset({"NODE_FAIL", "BOOT_FAIL", "LAUNCH_FAILED"}),
    "preempted": frozenset({"PREEMPTED"}),
}
BAD_ENDS = frozenset().union(*WORD_OF.values()) | {"FAILED", "CANCELLED"}
# A page is made from a snapshot that is a second old, and the observer looks every 50 ms.
PAGE_MAY_LAG_S = 3.0
PAGE_MAY_LEAD_S = 0.3
# The portal may have heard it a moment before the observer asked.
HEARD_LATER_S = 0.5


class Wrong(StrEnum):
    """What can be wrong with a run."""

    LOST = "lost"
    DOUBLED = "doubled"
    VERDICT = "wrong verdict"
    VISIBLY = "lost, visibly"  # not wrong where evidence was destroyed


@dataclass(frozen=True)
class Record:
    """What accounting says of one job under a run's name; there may be several."""

    state: str
    ended: float | None


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, or that has to be counted."""

    run: str
    wrong: Wrong
    words: str
    at: float


@dataclass(frozen=True)
class Evidence:
    """All that is known at the end.

    `destroying` are the times of faults that destroy evidence, `forgetting` those after
    which the controller had an older state, `cancelled` the runs that somebody had Slurm cancel,
    `said` what the controller called each task, from when on.
    """

    accepted: Sequence[str]
    rows: Mapping[str, Row]
    shown: Mapping[str, Sequence[Shown]]
    ledger: Mapping[Attempt, Witnessed]
    records: Mapping[Task, Sequence[Record]]
    seen: Sequence[Seen]
    destroying: Sequence[tuple[float, float]]
    forgetting: Sequence[tuple[float, float]]
    cancelled: frozenset[str]
    said: Mapping[Task, Sequence[tuple[float, str]]]


def judge(evidence: Evidence) -> list[Finding]:
    """Every finding, by run."""
    found: list[Finding] = []
    for run in evidence.accepted:
        row, shown = evidence.rows.get(run), evidence.shown.get(run, ())
        if row is None or not shown:
            found.append(Finding(run, Wrong.LOST, "accepted, and not in the database", 0.0))
            continue
        found += _ends(evidence, row, shown)
        found += _changed_minds(run, shown)
        if row.state not in FINAL:
            words = f"never ended: {row.state} ({row.reason})"
            found.append(Finding(run, Wrong.LOST, words, shown[-1].at))
    found += _doubled(evidence.ledger)
    found += _pages(evidence.shown, evidence.seen)
    return found


def _ends(evidence: Evidence, row: Row, shown: Sequence[Shown]) -> Iterable[Finding]:
    """Every end that was ever shown of a run, against the truth."""
    witnessed = evidence.ledger.get((row.run, row.attempt), Witnessed())
    for one in shown:
        if one.state not in FINAL:
            continue
        words = {record.state for record in _records(evidence, row)} | _said(evidence, row, one)
        if row.run in evidence.cancelled and not witnessed.begun:
            # A task that is cancelled while it waits leaves no record: the chaos knows all the same
            words.add("CANCELLED")
        fault = contradiction(one.state, one.reason, row.act, witnessed, words)
        told = f"shown as {one.state} ({one.reason}); {_truth(witnessed, words)}"
        if fault:
            yield Finding(row.run, fault, told, one.at)
        elif one.state == "lost":
            since = shown[0].at
            destroyed = any(a <= one.at and since <= b for a, b in evidence.destroying)
            yield Finding(row.run, Wrong.VISIBLY if destroyed else Wrong.LOST, told, one.at)


def _said(evidence: Evidence, row: Row, one: Shown) -> set[str]:
    """What the controller itself had called it, where a controller has forgotten things since.

    One that begins anew with an older state believes that a job still runs, or waits, which it had
    called completed, cancelled, preempted or fallen with its node. The job then ends once more, and
    accounting replaces what it had. Whoever saw the first end saw what Slurm said at that time, and
    the portal goes on showing it. So the new word is not held against the old one. It is where no
    controller forgot anything after that end was shown.
    """
    if row.batch is None or row.task is None or one.state == "lost":
        return set()
    if not any(one.at <= ended for _begun, ended in evidence.forgetting):
        return set()
    said = evidence.said.get((row.batch, row.task), ())
    return {state for at, state in said if at <= one.at + HEARD_LATER_S}


def contradiction(
    state: str, reason: str | None, act: str, witnessed: Witnessed, words: set[str]
) -> Wrong | None:
    """What is wrong with this end, in the light of the ledger and of accounting."""
    well = witnessed.well and "COMPLETED" in words and not words & BAD_ENDS
    if state == "succeeded":
        right = witnessed.well and (not words or "COMPLETED" in words or not words & BAD_ENDS)
        return None if right else Wrong.VERDICT
    if state == "lost":
        return Wrong.LOST if well else None
    if state == "cancelled":
        # The bell ends a lesson of two minutes, which only those that run over have.
        right = "CANCELLED" in words or (reason == "lesson-ended" and act == "over")
        return None if right else Wrong.VERDICT
    if reason is not None and reason in WORD_OF:
        return None if words & WORD_OF[reason] else Wrong.VERDICT
    return Wrong.VERDICT if well else None


def _changed_minds(run: str, shown: Sequence[Shown]) -> Iterable[Finding]:
    """Anything that was shown after an end, in the same attempt."""
    for before, after in itertools.pairwise(shown):
        if before.state in FINAL and after.attempt == before.attempt:
            words = f"shown as {before.state}, and then as {after.state}"
            yield Finding(run, Wrong.VERDICT, words, after.at)


def _doubled(ledger: Mapping[Attempt, Witnessed]) -> Iterable[Finding]:
    """An attempt whose program began twice, and attempts of one run at the same time."""
    attempts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (run, attempt), witnessed in ledger.items():
        if len(witnessed.begun) > 1:
            jobs = ", ".join(entry.job for entry in witnessed.begun)
            words = f"attempt {attempt} began {len(witnessed.begun)} times ({jobs})"
            yield Finding(run, Wrong.DOUBLED, words, witnessed.begun[-1].at)
        if witnessed.begun and witnessed.ended:
            attempts[run].append((witnessed.begun[0].at, witnessed.ended[-1].at))
    for run, times in attempts.items():
        times.sort()
        for (_, ended), (begun, _) in itertools.pairwise(times):
            if begun < ended:
                yield Finding(run, Wrong.DOUBLED, "two attempts at the same time", begun)


def _pages(shown: Mapping[str, Sequence[Shown]], seen: Iterable[Seen]) -> Iterable[Finding]:
    """What a page showed and the database did not hold, then or a moment before."""
    for one in seen:
        held = _held(shown.get(one.run, ()), one)
        if not held:
            words = f"a page showed {one.state} (attempt {one.attempt})"
            yield Finding(one.run, Wrong.VERDICT, words, one.answered)


def _held(shown: Sequence[Shown], one: Seen) -> bool:
    for number, state in enumerate(shown):
        until = shown[number + 1].at if number + 1 < len(shown) else float("inf")
        inside = state.at <= one.answered + PAGE_MAY_LEAD_S and until >= one.asked - PAGE_MAY_LAG_S
        if inside and (state.state, state.attempt) == (one.state, one.attempt):
            return True
    return False


def _records(evidence: Evidence, row: Row) -> Sequence[Record]:
    if row.batch is None or row.task is None:
        return ()
    return evidence.records.get((row.batch, row.task), ())


def _truth(witnessed: Witnessed, words: set[str]) -> str:
    codes = ", ".join(str(entry.code) for entry in witnessed.ended) or "no end"
    return f"its program began {len(witnessed.begun)} times, ended with {codes}; Slurm: {words}"
