"""One table of states: known ones mean what Slurm means, unknown ones never an end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.scheduler import STATES, JobState, Phase, parse_state

# job_state_codes.html and slurm.h of Slurm 26.05.
BASES = {
    "PENDING": Phase.PENDING,
    "RUNNING": Phase.RUNNING,
    "SUSPENDED": Phase.PAUSED,
    "COMPLETED": Phase.ENDED,
    "CANCELLED": Phase.ENDED,
    "FAILED": Phase.ENDED,
    "TIMEOUT": Phase.ENDED,
    "NODE_FAIL": Phase.ENDED,
    "PREEMPTED": Phase.ENDED,
    "BOOT_FAIL": Phase.ENDED,
    "DEADLINE": Phase.ENDED,
    "OUT_OF_MEMORY": Phase.ENDED,
}
FLAGS = {
    "LAUNCH_FAILED",
    "GETENV_FAILED",
    "REQUEUED",
    "REQUEUE_HOLD",
    "SPECIAL_EXIT",
    "RESIZING",
    "CONFIGURING",
    "COMPLETING",
    "STOPPED",
    "RECONFIG_FAIL",
    "POWER_UP_NODE",
    "REVOKED",
    "REQUEUE_FED",
    "RESV_DEL_HOLD",
    "SIGNALING",
    "STAGE_OUT",
    "EXPEDITING",
}


# slurm.h names three of them otherwise than Slurm prints them.
PRINTED = {"COMPLETE": "COMPLETED", "OOM": "OUT_OF_MEMORY", "REQUEUE": "REQUEUED"}
# A mark of 22.05 for itself ("send job start to database again"), which no command prints.
NEVER_TOLD = {"UPDATE_DB"}
RECORDED = sorted((Path(__file__).parent / "payloads").glob("slurm-*/states.json"))


def names(flag: bool) -> set[str]:
    return {name for name, row in STATES.items() if row.flag is flag}


def test_the_table_holds_every_state_of_slurm() -> None:
    assert names(flag=False) == BASES.keys()
    assert names(flag=True) == FLAGS


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.parent.name)
def test_the_table_holds_every_state_of_each_recorded_slurm(file: Path) -> None:
    told = json.loads(file.read_text())
    assert set(told["bases"]) <= names(flag=False)
    assert set(told["flags"]) <= names(flag=True)
    assert {PRINTED.get(name, name) for name in told["header_bases"]} == names(flag=False)
    known = {PRINTED.get(name, name) for name in told["header_flags"]} - NEVER_TOLD
    assert known <= names(flag=True)
    assert len(told["header_flags"]) > 10


def test_the_newest_slurm_has_every_state_of_the_table() -> None:
    told = json.loads(RECORDED[-1].read_text())
    assert {PRINTED.get(name, name) for name in told["header_flags"]} == names(flag=True)


@pytest.mark.parametrize(("name", "phase"), BASES.items())
def test_a_base_alone(name: str, phase: Phase) -> None:
    state = parse_state(name)
    assert state.phase is phase
    assert state.outcome == (name if phase is Phase.ENDED else None)
    assert state.succeeded is (name == "COMPLETED")


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("COMPLETING", Phase.ENDING),
        ("COMPLETED+COMPLETING", Phase.ENDING),
        ("COMPLETED,COMPLETING", Phase.ENDING),
        ("STAGE_OUT", Phase.ENDING),
        ("CONFIGURING", Phase.STARTING),
        ("RUNNING+CONFIGURING", Phase.STARTING),
        ("RUNNING+POWER_UP_NODE", Phase.STARTING),
        ("STOPPED", Phase.PAUSED),
        ("REQUEUED", Phase.REVIVING),
        ("PENDING+REQUEUED+COMPLETING", Phase.REVIVING),
        ("REQUEUE_FED", Phase.REVIVING),
        ("FAILED+EXPEDITING", Phase.REVIVING),
        ("REQUEUE_HOLD", Phase.HELD),
        ("SPECIAL_EXIT", Phase.HELD),
        ("RESV_DEL_HOLD", Phase.HELD),
        ("REVOKED", Phase.UNKNOWN),
        ("CANCELLED+REVOKED", Phase.UNKNOWN),
        ("SIGNALING", Phase.RUNNING),
        ("PENDING+LAUNCH_FAILED", Phase.PENDING),
        ("RESIZING", Phase.RUNNING),
        ("CANCELLED by 1000", Phase.ENDED),
        ("running", Phase.RUNNING),
    ],
)
def test_flags(text: str, phase: Phase) -> None:
    assert parse_state(text).phase is phase


def test_a_failed_launch_is_told_by_its_own_word() -> None:
    assert parse_state("LAUNCH_FAILED").outcome == "LAUNCH_FAILED"
    assert parse_state("FAILED+LAUNCH_FAILED").outcome == "LAUNCH_FAILED"


@pytest.mark.parametrize(
    "text", ["", "TELEPORTING", "COMPLETED+TELEPORTING", "N/A", "RUNNING+FAILED"]
)
def test_what_nobody_has_heard_of_is_unknown(text: str) -> None:
    state = parse_state(text)
    assert state.unknown
    assert not state.ended
    assert not state.succeeded


@pytest.mark.parametrize("name", ["NODE_FAIL", "PREEMPTED", "BOOT_FAIL"])
def test_some_ends_may_come_alive_again(name: str) -> None:
    assert parse_state(name).may_revive


@given(st.text())
def test_any_text_is_a_state(text: str) -> None:
    state = parse_state(text)
    assert state.raw == text.strip()
    assert sum([state.live, state.ended, state.unknown]) == 1


@given(
    st.sampled_from(sorted(BASES)),
    st.frozensets(
        st.one_of(st.sampled_from(sorted(FLAGS)), st.from_regex(r"[A-Z]{3,9}X", fullmatch=True))
    ),
)
def test_an_unheard_of_flag_never_ends_a_job(base: str, flags: frozenset[str]) -> None:
    state = JobState(base, flags)
    if flags - FLAGS:
        assert state.unknown
    assert parse_state("+".join([base, *flags])).phase is state.phase
