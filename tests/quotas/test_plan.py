"""What schools may use, beside what Slurm knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.accelerators import FAMILIES, Accelerator, limited
from portal.config import Settings, Slurm
from portal.errors import Invalid
from portal.people.limits import set_limits, set_partitions
from portal.quotas import account_wish, differences, too_much
from portal.scheduler import AccountStatus, GresCount, Limit, NodeState, NodeStatus
from portal.scheduler.memory import MemoryScheduler
from portal.store.tables import School

SHARDS = Accelerator(FAMILIES["shard"])
SLURM = Slurm(partition="class", qos="lesson", homework_qos="homework")
ACCOUNT = AccountStatus(
    "hua",
    parent="root",
    allowed=True,
    qos=("lesson", "homework"),
    account_qos=("homework", "lesson", "normal"),
    limits={Limit("GrpTRES", "gres/shard"): 16, Limit("MaxJobs"): 40},
)


def school(**limits: Any) -> School:
    return School(slug="hua", name="华小", slurm_account="hua", **limits)


@pytest.mark.parametrize(
    ("accelerator", "limit"),
    [
        (SHARDS, ("gres/shard", 16)),
        (Accelerator(FAMILIES["mps"], units_per_device=100), ("gres/mps", 200)),
        (Accelerator(FAMILIES["gpu"]), ("gres/gpu", 2)),
        (Accelerator(FAMILIES["mig"], profiles={1: "1g.10gb"}), ("gres/gpu", 16)),
        (Accelerator(FAMILIES["mig"], profiles={2: "2g.20gb", 4: "4g.40gb"}), ("gres/gpu", 8)),
        (Accelerator(FAMILIES["npu"], profiles={4: "vir04"}), ("gres/npu", 4)),
        (Accelerator(FAMILIES["cpu"], cores_per_eighth=2), ("cpu", 32)),
    ],
)
def test_shares_are_limited_in_the_units_of_the_site(
    accelerator: Accelerator, limit: tuple[str, int]
) -> None:
    assert limited(accelerator, 16) == limit


def test_share_hours_are_minutes_of_the_same_resource() -> None:
    wish = account_wish(school(share_hours=200), SLURM, SHARDS, ACCOUNT)
    assert wish.limits == {Limit("GrpTRESMins", "gres/shard"): 12_000}


def test_what_the_centre_has_set_itself_stays() -> None:
    wish = account_wish(school(), SLURM, SHARDS, ACCOUNT)
    assert wish.limits == {}
    assert wish.qos is None


def test_a_qos_that_is_missing_is_added_to_the_others() -> None:
    wish = account_wish(school(), SLURM, SHARDS, replace(ACCOUNT, account_qos=("normal",)))
    assert wish.qos == ("normal", "lesson", "homework")


BORROWING = replace(SLURM, borrow_qos="borrow")


def test_a_guaranteed_part_is_a_qos_of_the_schools_own(settings: Settings) -> None:
    house = replace(settings, slurm=BORROWING)
    one = school(shares=16, guaranteed=8)
    (found,) = differences(house, [one], [ACCOUNT], [])
    assert [str(change) for change in found.changes] == [
        "QOS hua-own: + new",
        "QOS hua-own Priority: + 200",
        "QOS hua-own Preempt: + borrow,homework",
        "QOS hua-own GrpTRES gres/shard: + 8",
        "QOS: homework,lesson,normal → borrow,homework,hua-own,lesson,normal",
    ]
    # Until it is applied the agent goes on as before.
    assert not found.keeps_out
    lost = replace(ACCOUNT, account_qos=(*ACCOUNT.account_qos, "hua-own"))
    (refused,) = differences(house, [one], [lost])
    assert refused.keeps_out
    # One who did not ask about QOS is told of the account alone.
    (of_account,) = differences(house, [one], [ACCOUNT])
    assert [str(change) for change in of_account.changes] == [str(found.changes[-1])]


def test_a_guaranteed_part_that_is_given_up_is_taken_from_the_account(settings: Settings) -> None:
    house = replace(settings, slurm=BORROWING)
    before = replace(ACCOUNT, account_qos=(*ACCOUNT.account_qos, "hua-own"))
    (found,) = differences(house, [school(shares=16)], [before])
    assert [str(change) for change in found.changes] == [
        "QOS: homework,hua-own,lesson,normal → homework,lesson,normal"
    ]
    assert not found.keeps_out


def test_nothing_is_guaranteed_where_nothing_makes_way(settings: Settings) -> None:
    house = replace(settings, slurm=SLURM)
    assert list(differences(house, [school(shares=16, guaranteed=8)], [ACCOUNT], [])) == []


def test_a_school_is_let_into_its_partitions_alone(settings: Settings) -> None:
    house = replace(settings, slurm=SLURM)
    own = school(shares=16, partitions=["class", "night"])
    (found,) = differences(house, [own], [ACCOUNT])
    assert [str(change) for change in found.changes] == ["partitions: + class,night"]
    assert not found.keeps_out
    at_night = replace(ACCOUNT, partitions=("night",))
    (opened,) = differences(house, [school(shares=16)], [at_night])
    assert [str(change) for change in opened.changes] == ["partitions: night → -"]
    assert opened.keeps_out
    both = replace(ACCOUNT, partitions=("class", "night"))
    assert list(differences(house, [school(shares=16)], [both])) == []


@pytest.mark.parametrize(("guaranteed", "words"), [((16, 17), "33"), ((16, 16), None)])
def test_more_guaranteed_than_there_is(guaranteed: tuple[int, int], words: str | None) -> None:
    node = NodeStatus("g1", NodeState("IDLE"), 64, 0, 1000, 0, (GresCount("gpu", "a100", 4),))
    said = too_much([school(guaranteed=part) for part in guaranteed], [node], SHARDS)
    assert (words in str(said)) if words else said is None


def test_limits_that_make_no_sense_are_told() -> None:
    one = School()
    with pytest.raises(Invalid) as refusal:
        set_limits(one, shares=8, share_hours=-1, guaranteed=9)
    assert refusal.value.errors.keys() == {"share_hours", "guaranteed"}
    set_limits(one, shares=None, share_hours=None, guaranteed=9)
    set_partitions(one, ["class", "night", "class"])
    assert (one.guaranteed, one.partitions) == (9, ["class", "night"])
    for bad in (["a b"], [""], ["x;y"], [f"p{number}" for number in range(9)]):
        with pytest.raises(Invalid):
            set_partitions(one, bad)


def test_only_what_differs_is_told(settings: Settings) -> None:
    house = replace(settings, slurm=SLURM)
    same, other = school(shares=16), school(shares=24)
    other.slurm_account = "bei"
    told = list(differences(house, [same, other], [ACCOUNT]))
    assert [one.school for one in told] == [other]
    assert [str(change) for change in told[0].changes] == [
        "account: + bei",
        "QOS: + homework,lesson",
        "GrpTRES gres/shard: + 24",
        "user: + kesuan",
    ]


def test_what_was_applied_does_not_differ(settings: Settings) -> None:
    scheduler = MemoryScheduler(accounts={"bei": None}, operator=True)
    schools = [school(shares=16, share_hours=10)]
    (found,) = differences(settings, schools, scheduler.accounts())
    assert scheduler.apply_account(found.wish) == found.changes
    assert list(differences(settings, schools, scheduler.accounts())) == []
