"""The table of moves, as a state machine that hypothesis plays and as a list by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.runs.life import MOVES, ImpossibleMove, move, next_attempt
from portal.runs.states import FINAL, LABELS, LIVE, RunState
from portal.store.tables import Run

S = RunState
BACKWARD = {(S.SUBMITTED, S.WAITING), (S.RUNNING, S.SUBMITTED), (S.FINISHING, S.SUBMITTED)}
ORDER = [S.WAITING, S.SUBMITTED, S.RUNNING, S.FINISHING]


def run_in(state: RunState) -> Run:
    return Run(id="r", state=state.value, attempt=1)


def allowed(now: RunState, to: RunState) -> bool:
    """The design's sentence, said in another way than the table says it."""
    if now.final:
        return False
    if to.final:
        return True
    if (now, to) in BACKWARD | {(S.FINISHING, S.RUNNING)}:
        return True
    return ORDER.index(to) > ORDER.index(now)


@pytest.mark.parametrize(("now", "to"), list(itertools.product(RunState, RunState)))
def test_every_move(now: RunState, to: RunState) -> None:
    run = run_in(now)
    if now is to:
        assert move(run, to, at=1.0) is False
        assert run.state == now
    elif allowed(now, to):
        assert move(run, to, at=1.0) is True
        assert run.state == to
        assert (run.ended_at == 1.0) is to.final
    else:
        with pytest.raises(ImpossibleMove):
            move(run, to, at=1.0)
        assert run.state == now


def test_every_state_has_its_moves_and_its_word() -> None:
    assert set(MOVES) == set(LABELS) == set(RunState)
    assert set(RunState) == FINAL | LIVE
    assert not FINAL & LIVE


@given(st.lists(st.tuples(st.sampled_from(list(RunState)), st.floats(0, 1e9)), max_size=20))
def test_whatever_happens_times_are_set_once_and_ends_stay(
    tries: list[tuple[RunState, float]],
) -> None:
    run = run_in(S.WAITING)
    for to, at in tries:
        before = (run.state, run.started_at, run.ended_at, run.reason)
        try:
            move(run, to, at=at, reason="x")
        except ImpossibleMove:
            assert (run.state, run.started_at, run.ended_at, run.reason) == before
            continue
        if RunState(before[0]).final:
            assert (run.state, run.ended_at) == (before[0], before[2])
        if before[1] is not None:
            assert run.started_at == before[1]
    assert (run.ended_at is not None) == RunState(run.state).final


def test_another_reason_is_news_without_a_move() -> None:
    run = run_in(S.SUBMITTED)
    assert move(run, S.SUBMITTED, at=1.0, reason="waiting-for-share", slurm_words="Resources")
    assert not move(run, S.SUBMITTED, at=2.0, reason="waiting-for-share", slurm_words="Resources")
    assert run.submitted_at == 1.0


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_retry_is_a_fresh_attempt_with_nothing_of_the_last(state: RunState) -> None:
    run = Run(
        id="r",
        state=state.value,
        attempt=2,
        reason="node-failed",
        slurm_words="NODE_FAIL",
        batch_id="b",
        task=3,
        submitted_at=1.0,
        started_at=2.0,
        ended_at=3.0,
        checked_at=3.0,
        cancel_asked_at=2.5,
        finish_asked_at=2.5,
        metrics={"accuracy": 0.5},
        timing={"steps": 1},
    )
    next_attempt(run)
    assert (run.state, run.attempt) == (S.WAITING, 3)
    cleared = "reason slurm_words batch_id task submitted_at started_at ended_at checked_at"
    cleared += " cancel_asked_at finish_asked_at metrics timing"
    assert {name: getattr(run, name) for name in cleared.split()} == dict.fromkeys(cleared.split())


@pytest.mark.parametrize("state", sorted(LIVE))
def test_a_live_run_is_not_retried(state: RunState) -> None:
    with pytest.raises(ImpossibleMove):
        next_attempt(run_in(state))
