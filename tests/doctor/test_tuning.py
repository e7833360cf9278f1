"""What makes a lesson wait on a Slurm that works, and a limit on questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.config import Settings
from portal.doctor import Verdict, tuning
from portal.scheduler import Site
from tests.doctor.test_site import GOOD

TUNED = replace(
    GOOD,
    scheduler_parameters=("defer", "batch_sched_delay=1", "bf_interval=5"),
    controller_parameters=(),
)


def verdicts(settings: Settings, site: Site) -> dict[str, Verdict]:
    return {found.code: found.verdict for found in tuning.look(settings, site)}


def test_a_site_for_lessons_is_well(settings: Settings) -> None:
    assert set(verdicts(settings, TUNED).values()) == {Verdict.OK}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ((), {"batch_sched_delay=3", "bf_interval=30"}),
        (("batch_sched_delay=1",), {"bf_interval=30"}),
        (
            ("bf_interval=5", "batch_sched_delay=1", "batch_sched_delay=10"),
            {"batch_sched_delay=10"},
        ),
    ],
)
def test_what_makes_a_class_wait_is_named_with_what_to_write(
    settings: Settings, parameters: tuple[str, ...], named: set[str]
) -> None:
    found = tuning.pace(parameters)
    assert found.verdict is Verdict.WARN
    assert all(name in str(found.found) for name in named)
    assert all(name.partition("=")[0] in str(found.advice) for name in named)


@pytest.mark.parametrize(
    ("parameters", "verdict"),
    [
        ((), Verdict.OK),
        (("rl_enable",), Verdict.WARN),
        (("rl_enable", "rl_refill_rate=4"), Verdict.OK),
        (("rl_enable", "rl_refill_rate=10", "rl_refill_period=10"), Verdict.WARN),
    ],
)
def test_a_limit_on_questions_must_leave_room_for_the_polls(
    settings: Settings, parameters: tuple[str, ...], verdict: Verdict
) -> None:
    found = tuning.questions(settings, parameters)
    assert found.verdict is verdict
    if verdict is Verdict.WARN:
        assert "agent.poll_s" in str(found.advice)


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(300, Verdict.OK), (0, Verdict.OK), (2, Verdict.WARN)]
)
def test_slurm_must_remember_longer_than_the_portal_looks_away(
    settings: Settings, seconds: int, verdict: Verdict
) -> None:
    assert tuning.memory(settings, replace(TUNED, min_job_age_s=seconds)).verdict is verdict


def test_what_slurmrestd_does_not_tell_is_said_to_be_untold(settings: Settings) -> None:
    untold = replace(TUNED, scheduler_parameters=None, controller_parameters=None)
    assert verdicts(settings, untold)["pace"] is Verdict.SKIPPED
