"""What Slurm says of itself, and what a person should do about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.doctor import Verdict, schools, site
from portal.doctor.finding import Finding
from portal.scheduler import AccountStatus, GresCount, Limit, NodeState, NodeStatus, Site
from portal.store.tables import School
from tests.doctor.conftest import Settings

GOOD = Site(
    version="22.05.8",
    cluster="centre",
    tres=("cpu", "gres/gpu", "gres/shard"),
    enforce=("associations", "limits", "qos", "safe"),
    gres_types=("gpu", "shard"),
    min_job_age_s=300,
    message_timeout_s=10,
    max_array_size=1001,
    controllers_up=True,
)
NODE = NodeStatus(
    name="g1",
    state=NodeState("IDLE"),
    cpus=64,
    cpus_used=0,
    memory_mb=1000,
    memory_used_mb=0,
    gres=(GresCount("gpu", "a100", 2), GresCount("shard", "a100", 16)),
    partitions=("class",),
)
ACCOUNT = AccountStatus(
    "hua",
    "root",
    True,
    ("class",),
    {Limit("GrpTRES", "gres/shard"): 16},
    account_qos=("class",),
)
SCHOOL = School(id="1", slug="hua", name="华小", slurm_account="hua")


def _faults(settings: Settings, of_site: Site, nodes: list[NodeStatus]) -> dict[str, Finding]:
    found = site.look(settings, of_site, nodes)
    return {finding.code: finding for finding in found if finding.verdict is not Verdict.OK}


def test_a_site_that_is_well_has_no_fault(settings: Settings) -> None:
    assert _faults(settings, GOOD, [NODE]) == {}


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ({"tres": ("cpu", "gres/gpu")}, "accounting", Verdict.FAULT),
        ({"enforce": ("associations",)}, "enforcement", Verdict.FAULT),
        ({"gres_types": ("gpu",)}, "gres", Verdict.FAULT),
        ({"max_array_size": 1000}, "numbers", Verdict.FAULT),
        ({"message_timeout_s": 60}, "numbers", Verdict.FAULT),
        ({"controllers_up": False}, "slurm", Verdict.WARN),
    ],
)
def test_what_the_controller_lacks_is_found(
    settings: Settings, changes: dict[str, object], code: str, verdict: Verdict
) -> None:
    found = _faults(settings, replace(GOOD, **changes), [NODE])  # type: ignore[arg-type]
    assert {name: finding.verdict for name, finding in found.items()} == {code: verdict}
    assert found[code].advice is not None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partitions": ("other",)}, "partition"),
        ({"state": NodeState("IDLE", frozenset({"DRAIN"}))}, "partition"),
        ({"gres": (GresCount("gpu", "a100", 2),)}, "gres"),
        ({"gres": (GresCount("gpu", "", 2), GresCount("shard", "", 8))}, "gres"),
    ],
)
def test_what_the_nodes_lack_is_found(
    settings: Settings, changes: dict[str, object], code: str
) -> None:
    found = _faults(settings, GOOD, [replace(NODE, **changes)])  # type: ignore[arg-type]
    assert found[code].verdict is Verdict.FAULT


def test_all_that_slurm_enforces_is_enough(settings: Settings) -> None:
    assert _faults(settings, replace(GOOD, enforce=("all",)), [NODE]) == {}


@pytest.mark.parametrize(
    ("account", "verdict", "advice"),
    [
        (None, Verdict.FAULT, "kesuan schools apply"),
        (replace(ACCOUNT, allowed=False), Verdict.FAULT, "kesuan schools apply"),
        (replace(ACCOUNT, account_qos=()), Verdict.FAULT, "kesuan schools apply"),
        (replace(ACCOUNT, partitions=("night",)), Verdict.FAULT, "kesuan schools apply"),
        (replace(ACCOUNT, qos=()), Verdict.FAULT, "modify user kesuan where account=hua set qos+="),
        (replace(ACCOUNT, limits={}), Verdict.WARN, "schools set hua --shares"),
    ],
)
def test_what_a_school_lacks_is_found(
    settings: Settings, account: AccountStatus | None, verdict: Verdict, advice: str
) -> None:
    settings = replace(settings, slurm=replace(settings.slurm, qos="class"))
    (found,) = schools.look(settings, [SCHOOL], [account] if account else [])
    assert found.verdict is verdict
    assert advice in str(found.advice)


def test_a_school_without_the_qos_of_homework_is_found(settings: Settings) -> None:
    slurm = replace(settings.slurm, qos="class", homework_qos="homework")
    (found,) = schools.look(replace(settings, slurm=slurm), [SCHOOL], [ACCOUNT])
    assert found.verdict is Verdict.FAULT
    assert "QOS: class → class,homework" in str(found.found)


def test_guaranteed_parts_that_nothing_makes_way_for_or_that_are_too_much(
    settings: Settings,
) -> None:
    school = School(id="1", slug="hua", name="华小", slurm_account="hua", guaranteed=17)
    (useless, too_much) = schools.look(settings, [school], [ACCOUNT], [], [NODE])
    assert "slurm.borrow_qos" in str(useless.advice)
    assert "17 shares together, and the cluster has 16" in str(too_much.found)
    assert {useless.verdict, too_much.verdict} == {Verdict.WARN}
    enough = School(id="1", slug="hua", name="华小", slurm_account="hua", guaranteed=16)
    house = replace(settings, slurm=replace(settings.slurm, borrow_qos="borrow"))
    (found,) = schools.look(house, [enough], [ACCOUNT], [], [NODE])
    assert found.verdict is Verdict.WARN
    assert "QOS hua-own: + new" in str(found.found)


def test_a_school_that_lacks_nothing_is_well(settings: Settings) -> None:
    assert [finding.verdict for finding in schools.look(settings, [SCHOOL], [ACCOUNT])] == [
        Verdict.OK
    ]


def test_a_limit_that_somebody_changed_in_slurm_is_found(settings: Settings) -> None:
    school = School(id="1", slug="hua", name="华小", slurm_account="hua", shares=32)
    (found,) = schools.look(settings, [school], [ACCOUNT])
    assert found.verdict is Verdict.WARN
    assert "gres/shard: " in str(found.found)
    assert "kesuan schools plan" in str(found.advice)
