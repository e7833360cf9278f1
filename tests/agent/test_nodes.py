"""The staff page's picture of the cluster, made of what the agent saw."""

from __future__ import annotations

import pytest

from portal.accelerators import Accelerator
from portal.agent.nodes import NAME, Nodes, Ours, limit_eighths, view_of
from portal.config import Accelerator as AcceleratorSettings
from portal.quotas import differences
from portal.scheduler import (
    AccountStatus,
    GresCount,
    Limit,
    NodeState,
    NodeStatus,
    TaskStatus,
    parse_state,
)
from portal.store import EVERYONE
from portal.store.tables import ClusterView, School
from tests.agent.conftest import World

SHARD = Accelerator.from_settings(AcceleratorSettings())


def node(used: int, **changes: object) -> NodeStatus:
    gres = (GresCount("gpu", "a100", 2, 0), GresCount("shard", "a100", 16, used))
    values = {"name": "g1", "state": NodeState("MIXED"), "cpus": 64, "cpus_used": used}
    return NodeStatus(**{**values, "memory_mb": 1, "memory_used_mb": 0, "gres": gres, **changes})  # type: ignore[arg-type]


def task(account: str, state: str = "RUNNING", **changes: object) -> TaskStatus:
    values = {"name": "b", "job_id": 1, "task": 0, "state": parse_state(state), "node": "g1"}
    return TaskStatus(**{**values, "account": account, **changes})  # type: ignore[arg-type]


def test_bars_of_eighths_and_who_holds_them() -> None:
    ours = Ours([task("hua"), task("hua"), task("dong", "COMPLETED")], {"b": 2})
    view = view_of([node(11)], [], ours, SHARD)
    assert view["nodes"][0]["gpus"] == [
        {"index": 0, "eighths": 8, "used_eighths": 8},
        {"index": 1, "eighths": 8, "used_eighths": 3},
    ]
    assert view["nodes"][0]["schools"] == {"hua": 4}
    assert (view["capacity_eighths"], view["used_eighths"]) == (16, 11)


def test_a_node_that_is_drained_is_no_capacity() -> None:
    drained = node(0, state=NodeState("IDLE", frozenset({"DRAIN"})), reason="fan")
    assert view_of([drained], [], Ours((), {}), SHARD)["capacity_eighths"] == 0


def test_what_waits_is_counted_by_slurms_reason() -> None:
    waiting = [task("hua", "PENDING", node="", reason="AssocGrpGRES") for _ in range(3)]
    view = view_of([], [], Ours(waiting, {}), SHARD)
    assert view["waiting"] == [{"reason": "AssocGrpGRES", "runs": 3}]


@pytest.mark.parametrize(
    ("family", "units", "limit", "eighths"),
    [
        ("shard", 8, {"cpu": 4, "gres/shard": 16}, 16),
        ("shard", 16, {"gres/shard": 16}, 8),
        ("mps", 100, {"gres/mps": 200}, 16),
        ("gpu", 8, {"gres/gpu": 2}, 16),
        ("shard", 8, {"gres/gpu": 2}, None),
        ("cpu", 8, {"cpu": 4}, None),
    ],
)
def test_a_schools_limit_in_eighths(
    family: str, units: int, limit: dict[str, int], eighths: int | None
) -> None:
    accelerator = Accelerator.from_settings(AcceleratorSettings(family=family, units_per_gpu=units))
    limits = {Limit("GrpTRES", resource): number for resource, number in limit.items()}
    assert limit_eighths(limits, accelerator) == eighths


def test_accounts_without_a_limit_have_none() -> None:
    account = AccountStatus("hua", "root", allowed=True)
    schools = view_of([], [account], Ours((), {}), SHARD)["schools"]
    assert schools == {"hua": {"limit_eighths": None, "used_eighths": 0, "own": False}}


def test_the_look_is_kept_and_silence_leaves_the_last_one(world: World) -> None:
    nodes = Nodes(world.settings, world.store, world.scheduler, SHARD, world.watch, world.clock)
    nodes.look()
    seen_at = world.clock()
    world.clock.advance(30)
    world.scheduler.unavailable = True
    nodes.look()
    with world.store.reading(EVERYONE) as session:
        kept = session.get_one(ClusterView, NAME)
    assert kept.seen_at == seen_at
    assert len(kept.view["nodes"]) == 4


def test_what_slurm_has_otherwise_is_told_until_it_is_applied(world: World) -> None:
    nodes = Nodes(world.settings, world.store, world.scheduler, SHARD, world.watch, world.clock)
    with world.store.begin(EVERYONE) as session:
        school = session.get_one(School, world.school_id)
        school.shares = 16
        (wish,) = [
            found.wish
            for found in differences(world.settings, [school], world.scheduler.accounts())
        ]
    told = []
    for _ in range(2):
        nodes.look()
        with world.store.reading(EVERYONE) as session:
            told.append(session.get_one(ClusterView, NAME).view["drift"])
        world.scheduler.apply_account(wish)
    assert "GrpTRES gres/shard: + 16" in told[0]["hua"]
    assert told[1] == {}
