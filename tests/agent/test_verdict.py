"""Slurm's word and the job's word make a state; success needs both."""

from __future__ import annotations

import pytest

from portal.agent import verdict
from portal.results.status import Status
from portal.runs.reasons import REASONS
from portal.runs.states import RunState
from portal.scheduler import STATES, TaskStatus, parse_state


def task(state: str, **changes: object) -> TaskStatus:
    return TaskStatus(
        **{"name": "n", "job_id": 1, "task": 0, "state": parse_state(state), **changes}
    )  # type: ignore[arg-type]


def status(word: str, reason: str | None = None) -> Status:
    return Status(
        run="r",
        attempt=1,
        job="1_0",
        verdict=word,
        reason=reason,
        finished_early=False,
        exit_code=0 if word == "succeeded" else 1,
        metrics={},
        started_at=1.0,
        ended_at=2.0,
        setup_seconds=0.1,
        train_seconds=0.5,
        steps=3,
        detail="",
        artifacts=(),
    )


@pytest.mark.parametrize(
    ("state", "word", "asked", "expected"),
    [
        ("COMPLETED", status("succeeded"), None, (RunState.SUCCEEDED, None)),
        (
            "COMPLETED",
            status("failed", "too-little-data"),
            None,
            (RunState.FAILED, "too-little-data"),
        ),
        ("COMPLETED", status("failed"), None, (RunState.FAILED, "program-error")),
        ("FAILED", status("failed", "gpu-memory"), None, (RunState.FAILED, "gpu-memory")),
        ("FAILED", status("succeeded"), None, (RunState.FAILED, "program-error")),
        ("FAILED", None, None, (RunState.FAILED, "program-error")),
        ("TIMEOUT", status("succeeded"), None, (RunState.FAILED, "time-limit")),
        ("DEADLINE", None, None, (RunState.FAILED, "time-limit")),
        ("OUT_OF_MEMORY", None, None, (RunState.FAILED, "out-of-memory")),
        ("NODE_FAIL", None, None, (RunState.FAILED, "node-failed")),
        ("BOOT_FAIL", None, None, (RunState.FAILED, "node-failed")),
        ("PREEMPTED", None, None, (RunState.FAILED, "preempted")),
        ("CANCELLED", None, "cancelled-by-pupil", (RunState.CANCELLED, "cancelled-by-pupil")),
        ("CANCELLED", status("succeeded"), None, (RunState.CANCELLED, "cancelled-in-slurm")),
    ],
)
def test_an_end_in_slurm_and_the_jobs_word(
    state: str, word: Status | None, asked: str | None, expected: tuple[RunState, str | None]
) -> None:
    found = verdict.of_ended(task(state), word, asked=asked)
    assert found is not None
    assert (found.state, found.reason) == expected


@pytest.mark.parametrize("state", ["COMPLETED", "REVOKED"])
def test_without_the_jobs_word_nothing_is_ended(state: str) -> None:
    assert verdict.of_ended(task(state), None, asked=None) is None


@pytest.mark.parametrize("name", sorted(STATES))
def test_no_state_of_slurm_alone_makes_a_success(name: str) -> None:
    said = task(name)
    found = verdict.of_ended(said, None, asked=None) if said.state.ended else verdict.of_live(said)
    assert found is None or found.state is not RunState.SUCCEEDED
    assert said.state.ended or found is None or not found.state.final


@pytest.mark.parametrize("name", ["NEVER_HEARD_OF", "", "RUNNING;rm", "完成"])
def test_an_unheard_of_state_is_no_verdict(name: str) -> None:
    said = task(name)
    assert not said.state.ended
    assert verdict.of_live(said) is None


@pytest.mark.parametrize("name", sorted(STATES))
def test_every_reason_has_its_sentence(name: str) -> None:
    said = task(name, reason="AssocGrpGRES")
    found = verdict.of_ended(said, None, asked=None) if said.state.ended else verdict.of_live(said)
    assert found is None or found.reason is None or found.reason in REASONS


def test_staff_read_slurms_own_words() -> None:
    found = verdict.of_ended(
        task("TIMEOUT", reason="TimeLimit", exit_code=0, exit_signal=15, node="g1"),
        None,
        asked=None,
    )
    assert found is not None
    assert found.slurm_words == "TIMEOUT Reason=TimeLimit ExitCode=0:15 NodeList=g1"


@pytest.mark.parametrize(
    ("asked", "finishing", "expected"),
    [
        (None, False, (RunState.FAILED, "preempted")),
        (None, True, (RunState.CANCELLED, "cancelled-by-teacher")),
        ("cancelled-by-pupil", True, (RunState.CANCELLED, "cancelled-by-pupil")),
    ],
)
def test_a_program_that_was_told_to_finish_before_it_could_hear_has_not_failed(
    asked: str | None, finishing: bool, expected: tuple[RunState, str]
) -> None:
    said = task("FAILED", exit_code=0, exit_signal=10, reason="JobLaunchFailure")
    found = verdict.of_ended(said, None, asked=asked, finishing=finishing)
    assert found is not None
    assert (found.state, found.reason) == expected


def test_a_program_that_another_signal_ended_has_failed() -> None:
    found = verdict.of_ended(task("FAILED", exit_code=0, exit_signal=11), None, asked=None)
    assert found is not None
    assert found.reason == "program-error"
