"""Reasons: every code has a sentence, and whatever Slurm says becomes one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.runs.changes import ENDING_REASONS
from portal.runs.reasons import OF_THE_JOB, REASONS, of_slurm, reason_of

ROOT = Path(__file__).parents[2]

# As squeue prints them, from Slurm's own list: https://slurm.schedmd.com/job_reason_codes.html
WORDS = {
    "None": "waiting-for-priority",
    "Priority": "waiting-for-priority",
    "(Resources)": "waiting-for-share",
    "AssocGrpGRES": "waiting-for-school-share",
    "AssocGrpCpuLimit": "waiting-for-school-share",
    "AssocMaxJobsLimit": "waiting-for-school-share",
    "QOSGrpGRES": "waiting-for-school-share",
    "AssocGrpGRESMinutes": "waiting-for-school-hours",
    "AssocGrpCPUMinutesLimit": "waiting-for-school-hours",
    "QOSGrpGRESMinutes": "waiting-for-school-hours",
    "AssocGrpGRESRunMinutes": "waiting-for-school-share",
    "QOSMaxJobsPerUserLimit": "waiting-for-school-share",
    "MaxGRESPerAccount": "waiting-for-school-share",
    "Reservation": "waiting-for-reservation",
    "ReqNodeNotAvail, UnavailableNodes:g[1-4]": "waiting-for-node",
    "ReqNodeNotAvail,_UnavailableNodes:g1": "waiting-for-node",
    "Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved": "waiting-for-node",
    "PartitionDown": "waiting-for-node",
    "JobHeldAdmin": "held-by-staff",
    "JobHeldUser": "held-by-staff",
    "launch failed requeued held": "held-by-staff",
    "BeginTime": "requeued",
    "SomethingNobodyHasHeardOf": "checking",
}


@pytest.mark.parametrize(("words", "code"), WORDS.items())
def test_slurms_words(words: str, code: str) -> None:
    assert of_slurm(words) == code


@given(st.text())
def test_whatever_slurm_says_there_is_a_sentence_for_it(words: str) -> None:
    assert of_slurm(words) in REASONS


@pytest.mark.parametrize("code", REASONS)
def test_a_sentence_for_a_child(code: str) -> None:
    sentence = str(REASONS[code].child)
    assert REASONS[code].code == code
    assert sentence.endswith(".")
    assert len(sentence) <= 100
    # No word that only the staff of a centre knows.
    assert not re.search(r"slurm|gres|job|node|queue[ds]|exit|signal|cuda|oom", sentence, re.I)


def test_codes_fit_the_column_and_unknown_ones_are_no_crash() -> None:
    assert max(map(len, REASONS)) <= 64
    assert reason_of(None) is None
    assert reason_of("from-a-later-release") is REASONS["checking"]
    assert set(REASONS) >= ENDING_REASONS


def test_every_code_that_a_room_writes_is_in_the_table() -> None:
    """Read from the source: a code in a call of move or Verdict has to be known."""
    written = set()
    for file in (*ROOT.glob("portal/agent/*.py"), *ROOT.glob("portal/runs/*.py")):
        source = file.read_text(encoding="utf-8")
        written |= set(re.findall(r'reason(?:=| = )"([a-z-]+)"', source))
        written |= set(re.findall(r'Verdict\(RunState\.\w+, "([a-z-]+)"', source))
    assert written
    assert written <= set(REASONS)


def test_the_jobs_own_codes_are_those_of_the_runtime() -> None:
    """The runtime on the node imports nothing of the portal; its source names the same codes."""
    failures = ROOT / "job_templates" / "runtime" / "failures.py"
    source = failures.read_text(encoding="utf-8")
    declared = re.findall(r'^    reason = "([a-z-]+)"', source, re.MULTILINE)
    assert sorted(declared) == sorted(reason.code for reason in OF_THE_JOB)
