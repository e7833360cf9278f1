"""A small chaos: nothing is lost, doubled or wrongly ended; and the judge who says so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from stage.chaos import place as chaos_place
from stage.chaos.faults import KINDS
from stage.chaos.history import Row, Shown
from stage.chaos.judge import Evidence, Finding, Record, Wrong, judge
from stage.chaos.ledger import Entry, gather
from stage.chaos.pages import Seen
from stage.chaos.schedule import schedule
from stage.chaos.storm import Outcome, storm

from tests.conftest import NAME

# Those that are over within a second or two; the others take part in the slow one.
QUICK = ("agent-killed", "sbatch-killed", "accounting-away", "job-cancelled", "job-preempted")


@pytest.mark.cluster
def test_a_small_chaos() -> None:
    _hold(_storm(QUICK, points=20, seed=7, away_s=5))


@pytest.mark.slow
@pytest.mark.cluster
def test_a_chaos_of_every_kind() -> None:
    outcome = _storm((), points=160, seed=11, away_s=20)
    assert {row.fault for row in outcome.rows} == {*KINDS, "all"}
    _hold(outcome)


def _storm(only: Sequence[str], *, points: int, seed: int, away_s: float) -> Outcome:
    name = f"{NAME}c"
    try:
        place = chaos_place.up(name)
        try:
            return storm(place, schedule(points, seed, only), away_s, print)
        finally:
            place.agents.close()
    finally:
        chaos_place.down(name)


def _hold(outcome: Outcome) -> None:
    wrong = [one for one in outcome.findings if one.wrong is not Wrong.VISIBLY]
    assert wrong == []
    whole = outcome.rows[-1]
    assert whole.runs > outcome.points_tried / 2
    assert whole.pages > 0


def test_the_same_seed_gives_the_same_faults_and_moments() -> None:
    first, again, other = (schedule(300, seed) for seed in (1, 1, 2))
    assert [(one.kind.name, one.dice.random()) for one in first] == [
        (one.kind.name, one.dice.random()) for one in again
    ]
    assert [one.kind.name for one in first] != [one.kind.name for one in other]


@pytest.mark.parametrize("points", [1, 10, 18, 100, 1300])
def test_so_many_points_and_every_kind_where_there_are_enough(points: int) -> None:
    found = schedule(points, 1)
    assert len(found) == points
    if points >= len(KINDS):
        assert {one.kind.name for one in found} == set(KINDS)


def test_of_1300_points_a_thousand_are_kills_of_the_agent() -> None:
    found = [one.kind.name for one in schedule(1300, 1)]
    assert 990 <= found.count("agent-killed") <= 1010
    assert found.count("controller-away") == 1


RUN, BATCH = "run-1", "batch-1"


def shown(*states: str, attempt: int = 1, reason: str | None = None) -> list[Shown]:
    return [Shown(RUN, attempt, state, reason, float(at)) for at, state in enumerate(states)]


def evidence(
    states: Sequence[Shown],
    *,
    entries: Sequence[Entry] = (),
    records: Sequence[str] = (),
    act: str = "work",
    destroying: Sequence[tuple[float, float]] = (),
    forgetting: Sequence[tuple[float, float]] = (),
    cancelled: Sequence[str] = (),
    said: Sequence[tuple[float, str]] = (),
    seen: Sequence[Seen] = (),
) -> Evidence:
    last = states[-1]
    row = Row(RUN, last.attempt, last.state, last.reason, "lesson", BATCH, 0, 12, act)
    return Evidence(
        accepted=[RUN],
        rows={RUN: row},
        shown={RUN: states},
        ledger=gather(entries),
        records={(BATCH, 0): [Record(word, 3.0) for word in records]},
        seen=seen,
        destroying=destroying,
        forgetting=forgetting,
        cancelled=frozenset(cancelled),
        said={(BATCH, 0): said},
    )


def begun(at: float = 1.0, *, attempt: int = 1, job: str = "12_0") -> Entry:
    return Entry(RUN, attempt, "begin", None, job, "g1", at)


def ended(code: int = 0, at: float = 2.0, *, attempt: int = 1) -> Entry:
    return Entry(RUN, attempt, "end", code, "12_0", "g1", at)


WELL = (begun(), ended())
LIFE = ("waiting", "submitted", "running")


def wrongs(found: Sequence[Finding]) -> list[Wrong]:
    return [one.wrong for one in found]


def test_a_run_that_went_well_and_was_shown_so() -> None:
    assert judge(evidence(shown(*LIFE, "succeeded"), entries=WELL, records=["COMPLETED"])) == []


@pytest.mark.parametrize(
    ("end", "reason", "entries", "records"),
    [
        ("succeeded", None, (begun(),), ["COMPLETED"]),
        ("succeeded", None, (), ["COMPLETED"]),
        ("succeeded", None, (begun(), ended(3)), ["FAILED"]),
        ("succeeded", None, WELL, ["NODE_FAIL"]),
        ("failed", "program-error", WELL, ["COMPLETED"]),
        ("failed", "time-limit", (begun(),), ["NODE_FAIL"]),
        ("failed", "preempted", WELL, ["COMPLETED"]),
        ("cancelled", "cancelled-in-slurm", WELL, ["COMPLETED"]),
        ("cancelled", "lesson-ended", (), []),
    ],
)
def test_an_end_that_the_truth_contradicts(
    end: str, reason: str | None, entries: Sequence[Entry], records: Sequence[str]
) -> None:
    states = [*shown(*LIFE), Shown(RUN, 1, end, reason, 4.0)]
    found = judge(evidence(states, entries=entries, records=records))
    assert wrongs(found) == [Wrong.VERDICT]


@pytest.mark.parametrize(
    ("end", "reason", "entries", "records"),
    [
        ("failed", "program-error", (begun(), ended(3)), ["FAILED"]),
        ("failed", "time-limit", (begun(),), ["TIMEOUT"]),
        ("failed", "node-failed", WELL, ["NODE_FAIL"]),
        ("cancelled", "cancelled-in-slurm", (begun(),), ["CANCELLED"]),
        ("succeeded", None, WELL, ["CANCELLED", "COMPLETED"]),
    ],
)
def test_an_end_that_is_right(
    end: str, reason: str | None, entries: Sequence[Entry], records: Sequence[str]
) -> None:
    states = [*shown(*LIFE), Shown(RUN, 1, end, reason, 4.0)]
    assert judge(evidence(states, entries=entries, records=records)) == []


def test_an_end_for_a_moment_counts() -> None:
    states = shown(*LIFE, "failed", "succeeded")
    found = judge(evidence(states, entries=WELL, records=["COMPLETED"]))
    assert Wrong.VERDICT in wrongs(found)


def test_lost_is_right_only_where_something_was_destroyed() -> None:
    states = shown(*LIFE, "lost", reason="result-missing")
    entries = (begun(),)
    assert wrongs(judge(evidence(states, entries=entries))) == [Wrong.LOST]
    assert wrongs(judge(evidence(states, entries=entries, destroying=[(1.5, 1.6)]))) == [
        Wrong.VISIBLY
    ]
    # Both words are there: whatever was destroyed, this was not.
    known = evidence(states, entries=WELL, records=["COMPLETED"], destroying=[(1.5, 1.6)])
    assert wrongs(judge(known)) == [Wrong.LOST]


@pytest.mark.parametrize(
    ("state", "reason", "word", "entries"),
    [
        ("succeeded", None, "COMPLETED", WELL),
        ("failed", "preempted", "PREEMPTED", (begun(),)),
        ("failed", "node-failed", "NODE_FAIL", ()),
        ("cancelled", "cancelled-in-slurm", "CANCELLED", ()),
    ],
)
def test_a_controller_that_forgot_writes_over_what_it_said_before(
    state: str, reason: str | None, word: str, entries: Sequence[Entry]
) -> None:
    """Slurm said so, people saw that, and then it began anew with a state from before that."""
    states = shown(*LIFE, state, reason=reason)
    fate = {"entries": entries, "records": ["TIMEOUT"]}
    forgot, heard = [(5.0, 5.5)], [(1.0, "RUNNING"), (2.9, word)]
    assert judge(evidence(states, forgetting=forgot, said=heard, **fate)) == []  # type: ignore[arg-type]
    for wrong in (
        evidence(states, said=heard, **fate),  # type: ignore[arg-type]
        evidence(states, destroying=forgot, said=heard, **fate),  # type: ignore[arg-type]
        evidence(states, forgetting=[(1.5, 1.6)], said=heard, **fate),  # type: ignore[arg-type]
        evidence(states, forgetting=forgot, said=heard[:1], **fate),  # type: ignore[arg-type]
        evidence(states, forgetting=forgot, said=[(4.0, word)], **fate),  # type: ignore[arg-type]
    ):
        assert wrongs(judge(wrong)) == [Wrong.VERDICT]


def test_a_run_without_an_end_is_lost() -> None:
    assert wrongs(judge(evidence(shown(*LIFE)))) == [Wrong.LOST]


def test_a_run_that_the_database_does_not_have_is_lost() -> None:
    none = Evidence([RUN], {}, {}, {}, {}, (), (), (), frozenset(), {})
    assert wrongs(judge(none)) == [Wrong.LOST]


def test_what_began_twice_is_doubled() -> None:
    twice = (begun(), begun(1.5, job="13_0"), ended())
    found = judge(evidence(shown(*LIFE, "succeeded"), entries=twice, records=["COMPLETED"]))
    assert wrongs(found) == [Wrong.DOUBLED]


def test_two_attempts_at_the_same_time_are_doubled() -> None:
    both = (*WELL, begun(1.5, attempt=2), ended(0, 3.0, attempt=2))
    states = [*shown(*LIFE, "succeeded")]
    found = judge(evidence(states, entries=both, records=["COMPLETED"]))
    assert wrongs(found) == [Wrong.DOUBLED]


def test_a_task_that_was_cancelled_while_it_waited_leaves_no_record() -> None:
    states = [*shown("waiting", "submitted"), Shown(RUN, 1, "cancelled", "x", 4.0)]
    assert wrongs(judge(evidence(states))) == [Wrong.VERDICT]
    assert judge(evidence(states, cancelled=[RUN])) == []


def test_what_a_page_showed_and_the_database_never_held() -> None:
    states = shown(*LIFE, "succeeded")
    well = {"entries": WELL, "records": ["COMPLETED"]}
    right = Seen(RUN, 1, "running", 2.1, 2.2)
    assert judge(evidence(states, seen=[right], **well)) == []  # type: ignore[arg-type]
    wrong = Seen(RUN, 1, "lost", 2.1, 2.2)
    early = Seen(RUN, 1, "succeeded", 1.0, 1.1)
    found = judge(evidence(states, seen=[wrong, early], **well))  # type: ignore[arg-type]
    assert wrongs(found) == [Wrong.VERDICT, Wrong.VERDICT]
