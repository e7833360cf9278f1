"""What schools may use, beside what Slurm knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.accelerators import FAMILIES, Accelerator, limited
from portal.config import Settings, Slurm
from portal.quotas import account_wish, differences
from portal.scheduler import AccountStatus, Limit
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
