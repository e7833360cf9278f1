"""Whether Slurm heeds that others make way for a guaranteed part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.doctor import Verdict, preemption
from portal.scheduler import Preemption
from portal.store.tables import School
from tests.doctor.conftest import Settings
from tests.doctor.test_site import GOOD

SURE = School(id="1", slug="hua", name="华小", slurm_account="hua", guaranteed=16)
OTHER = School(id="2", slug="nan", name="南小", slurm_account="nan")
AS_IN_SITE = Preemption("preempt/qos", ("REQUEUE",), 10_000)


@pytest.fixture
def house(settings: Settings) -> Settings:
    return replace(settings, slurm=replace(settings.slurm, borrow_qos="borrow"))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (AS_IN_SITE, []),
        (replace(AS_IN_SITE, modes=("GANG", "CANCEL")), []),
        (replace(AS_IN_SITE, type=""), ["PreemptType is preempt/none"]),
        (replace(AS_IN_SITE, type="preempt/partition_prio"), ["preempt/partition_prio"]),
        (replace(AS_IN_SITE, modes=("OFF",)), ["PreemptMode is OFF"]),
        (replace(AS_IN_SITE, modes=("GANG", "SUSPEND")), ["PreemptMode is GANG,SUSPEND"]),
        (replace(AS_IN_SITE, qos_weight=0), ["counts for nothing"]),
        (Preemption("preempt/none", (), 0), ["nobody makes way", "counts for nothing"]),
    ],
)
def test_what_keeps_a_guaranteed_part_from_its_school(
    house: Settings, told: Preemption, words: list[str]
) -> None:
    found = list(preemption.look(house, [OTHER, SURE], replace(GOOD, preemption=told)))
    wanted = Verdict.WARN if words else Verdict.OK
    assert [finding.verdict for finding in found] == [wanted] * max(1, len(words))
    for finding, word in zip(found, words, strict=False):
        assert word in finding.found.in_language("en")


def test_a_way_that_does_not_tell_says_where_to_look(house: Settings) -> None:
    (found,) = preemption.look(house, [SURE], GOOD)
    assert found.verdict is Verdict.SKIPPED


def test_who_guarantees_nothing_needs_no_preemption(settings: Settings, house: Settings) -> None:
    assert list(preemption.look(house, [OTHER], GOOD)) == []
    assert list(preemption.look(settings, [SURE], GOOD)) == []
