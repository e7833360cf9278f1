"""What a failed command meant; above all whether anything may have happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.scheduler import Ambiguous, NotPermitted, QuotaExceeded, Rejected, Unavailable
from portal.scheduler.commands import complaints
from portal.scheduler.commands.runner import Answer, NoAnswer

PAYLOADS = Path(__file__).parent / "payloads"
REFUSALS = sorted(PAYLOADS.glob("*/refused-*.err"))


@pytest.mark.parametrize("payload", REFUSALS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_refusals(payload: Path) -> None:
    closed = {"account", "partition", "qos", "reservation"}
    wanted = NotPermitted if payload.stem.removeprefix("refused-") in closed else Rejected
    error = complaints.of_submission(Answer(1, "", payload.read_text()))
    assert type(error) is wanted
    assert not error.transient


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Socket timed out on send/recv operation", Ambiguous),
        ("Zero Bytes were transmitted or received", Ambiguous),
        ("Unable to contact slurm controller (receive failure)", Ambiguous),
        ("Connection reset by peer", Ambiguous),
        ("Unexpected message received", Ambiguous),
        ("Slurm backup controller in standby mode", Ambiguous),
        ("Unable to contact slurm controller (connect failure)", Unavailable),
        ("Connection refused", Unavailable),
        ("Job violates accounting/QOS policy (job submit limit, …)", QuotaExceeded),
        ("Requested time limit is invalid (missing or exceeds some limit)", Rejected),
        ("User's group not permitted to use this partition", NotPermitted),
    ],
)
def test_words_of_sbatch(words: str, kind: type[Exception]) -> None:
    text = f"sbatch: error: Batch job submission failed: {words}\n"
    error = complaints.of_submission(Answer(1, "", text))
    assert type(error) is kind
    assert words in error.words


def test_a_killed_submission_may_have_happened() -> None:
    assert type(complaints.of_submission(Answer(-9, "", ""))) is Ambiguous


def test_an_exit_that_nobody_knows_may_have_happened() -> None:
    assert type(complaints.of_submission(Answer(127, "", "what?"))) is Ambiguous


def test_silence() -> None:
    assert type(complaints.of_silence(NoAnswer("late", started=True))) is Ambiguous
    assert type(complaints.of_silence(NoAnswer("missing", started=False))) is Unavailable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "scancel: error: Kill job error on job id 1_3: Invalid job id specified\n",
        "scancel: error: No active jobs match ALL job filters, including: job_name=x\n",
        "scancel: error: Kill job error on job id 7: Job/step already completing or completed\n",
    ],
)
def test_work_that_is_over_is_no_error(text: str) -> None:
    assert complaints.of_order(Answer(1, "", text)) is None


def test_other_words_of_scancel_are_errors() -> None:
    gone = "scancel: error: Kill job error on job id 1_3: Invalid job id specified\n"
    lost = "scancel: error: slurm_kill_job2() failed Unable to contact slurm controller\n"
    denied = "scancel: error: Kill job error on job id 7: Access/permission denied\n"
    assert type(complaints.of_order(Answer(1, "", gone + lost))) is Unavailable
    assert type(complaints.of_order(Answer(1, "", denied))) is NotPermitted
    assert type(complaints.of_order(Answer(-15, "", ""))) is Unavailable
