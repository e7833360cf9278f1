"""What every way to Slurm must do. Each backend's tests inherit this and bring a `World`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import pytest

from portal.scheduler import (
    ArrayRequest,
    NotPermitted,
    Rejected,
    Scheduler,
    SubmittedArray,
    TaskStatus,
)

HOSTILE = ("", "a b", "A", "x\n--nice=-5", "a|b", "a,b", "-x", "a" * 65, "ä", "a;b", "a\0b", "../a")


class World(Protocol):
    """A scheduler, a way to make work for it, and a way to let time pass."""

    scheduler: Scheduler
    open_account: str
    small_account: str  # four shares at once
    closed_account: str
    shares: int  # of all nodes together

    def request(
        self, tasks: int = 1, *, seconds: float = 0.2, exit_code: int = 0, **changes: Any
    ) -> ArrayRequest:
        """A request that is taken, of one share a task."""

    def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until it is so; fail if it never is."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""

    @property
    def now(self) -> float:
        """The time in the scheduler's world."""


def new_name() -> str:
    return str(uuid.uuid4())


class SchedulerContract:
    """The promises of `portal.scheduler.protocol.Scheduler`."""

    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError

    def states(self, world: World, name: str) -> dict[int, str]:
        return {status.task: status.state.base for status in world.scheduler.find(name)}

    def run(self, world: World, request: ArrayRequest) -> dict[int, TaskStatus]:
        """Submit, wait for the end of all tasks, and give their states by number."""
        world.scheduler.submit(request)
        world.until(lambda: self.over(world, request))
        return {status.task: status for status in world.scheduler.find(request.name)}

    def over(self, world: World, request: ArrayRequest) -> bool:
        found = world.scheduler.find(request.name)
        return len(found) == request.tasks and all(status.state.ended for status in found)

    def until_running(self, world: World, name: str, count: int) -> None:
        world.until(lambda: list(self.states(world, name).values()).count("RUNNING") == count)

    # Submitting and looking.

    def test_every_task_is_found_by_the_name_of_its_array(self, world: World) -> None:
        request = world.request(3, seconds=5)
        array = world.scheduler.submit(request)
        found = world.scheduler.find(request.name)
        assert array.name == request.name
        assert sorted(status.task for status in found) == [0, 1, 2]
        assert {status.job_id for status in found} == {array.job_id}
        assert {status.account for status in found} == {world.open_account}
        assert all(status.state.live for status in found)

    def test_an_unknown_name_is_absent(self, world: World) -> None:
        assert world.scheduler.find(new_name()) == []

    def test_one_snapshot_holds_everything_alive(self, world: World) -> None:
        requests = [world.request(2, seconds=5), world.request(1, seconds=5)]
        for request in requests:
            world.scheduler.submit(request)
        snapshot = world.scheduler.alive()
        wanted = {(requests[0].name, 0), (requests[0].name, 1), (requests[1].name, 0)}
        assert wanted <= snapshot.by_task().keys()
        assert snapshot.complete
        assert snapshot.taken_at == pytest.approx(world.now, abs=5)

    def test_a_task_that_ends_well(self, world: World) -> None:
        status = self.run(world, world.request(1))[0]
        assert status.state.succeeded
        assert status.exit_code == 0
        assert status.exit_signal is None
        assert status.gres == "gres/shard=1"
        assert status.node
        assert status.submitted is not None
        assert status.started is not None
        assert status.ended is not None
        assert status.submitted <= status.started <= status.ended <= world.now + 1
        assert world.now - status.submitted < 120

    def test_a_task_that_ends_badly_tells_its_exit_code(self, world: World) -> None:
        status = self.run(world, world.request(1, exit_code=3))[0]
        assert status.state.outcome == "FAILED"
        assert status.exit_code == 3

    def test_a_waiting_task_has_no_start_and_no_end(self, world: World) -> None:
        request = world.request(1, hold=True)
        world.scheduler.submit(request)
        world.pass_time(1)
        (status,) = world.scheduler.find(request.name)
        assert status.state.base == "PENDING"
        assert status.started is None
        assert status.ended is None
        assert status.exit_code is None
        assert status.reason == "JobHeldUser"
        world.scheduler.cancel(SubmittedArray(request.name, status.job_id))

    # Refusals.

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_goes_nowhere(self, world: World, name: str) -> None:
        with pytest.raises(Rejected):
            world.scheduler.submit(replace(world.request(), name=name))

    @pytest.mark.parametrize("key", ["account", "partition", "qos", "reservation", "gres"])
    @pytest.mark.parametrize("value", ["x y", "a\n#SBATCH", "--nice=1", "a;b", "$(id)", ""])
    def test_a_hostile_word_goes_nowhere(self, world: World, key: str, value: str) -> None:
        request = replace(world.request(), **{key: value})
        with pytest.raises(Rejected):
            world.scheduler.submit(request)
        assert world.scheduler.find(request.name) == []

    @pytest.mark.parametrize("key", ["tasks", "cpus", "memory_mb", "minutes"])
    def test_a_number_below_one_goes_nowhere(self, world: World, key: str) -> None:
        with pytest.raises(Rejected) as refusal:
            world.scheduler.submit(replace(world.request(), **{key: 0}))
        assert key in refusal.value.words

    def test_an_account_that_is_not_ours_is_not_permitted(self, world: World) -> None:
        with pytest.raises(NotPermitted) as refusal:
            world.scheduler.submit(world.request(account=world.closed_account))
        assert not refusal.value.transient
        assert refusal.value.words

    def test_what_no_node_has_is_rejected(self, world: World) -> None:
        with pytest.raises(Rejected) as refusal:
            world.scheduler.submit(world.request(gres="shard:99"))
        assert not refusal.value.transient

    def test_more_tasks_than_an_array_may_have_are_rejected(self, world: World) -> None:
        with pytest.raises(Rejected):
            world.scheduler.submit(world.request(world.scheduler.site().max_array_size + 1))

    # Limits.

    def test_a_school_at_its_limit_waits(self, world: World) -> None:
        request = world.request(6, seconds=20, account=world.small_account)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 4)
        waiting = [s for s in world.scheduler.find(request.name) if s.state.base == "PENDING"]
        assert len(waiting) == 2
        world.until(
            lambda: (
                {s.reason for s in world.scheduler.find(request.name) if s.state.base == "PENDING"}
                == {"AssocGrpGRES"}
            )
        )
        world.scheduler.cancel(array)

    # Stopping.

    def test_one_task_is_cancelled_and_the_others_go_on(self, world: World) -> None:
        request = world.request(3, seconds=20)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 3)
        world.scheduler.cancel(array, [1])
        world.until(lambda: self.states(world, request.name).get(1) == "CANCELLED")
        assert self.states(world, request.name) == {0: "RUNNING", 1: "CANCELLED", 2: "RUNNING"}
        world.scheduler.cancel(array)

    def test_all_are_cancelled_and_saying_it_twice_is_harmless(self, world: World) -> None:
        request = world.request(3, seconds=20)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 3)
        world.scheduler.cancel(array)
        world.until(lambda: set(self.states(world, request.name).values()) == {"CANCELLED"})
        world.scheduler.cancel(array)
        world.scheduler.cancel(array, [0, 2])
        world.scheduler.signal(array)

    def test_a_cancelled_task_that_waited_never_runs(self, world: World) -> None:
        request = world.request(6, seconds=2, account=world.small_account)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 4)
        world.scheduler.cancel(array, [4, 5])
        world.until(lambda: all(s.state.ended for s in world.scheduler.find(request.name)))
        states = self.states(world, request.name)
        # Whether Slurm keeps a record of such a task depends on what else of its array waits.
        assert {states.get(task, "CANCELLED") for task in (4, 5)} == {"CANCELLED"}
        assert [states[task] for task in range(4)] == ["COMPLETED"] * 4

    def test_no_task_at_all_is_not_every_task(self, world: World) -> None:
        request = world.request(1, seconds=20)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 1)
        world.scheduler.cancel(array, [])
        world.scheduler.signal(array, [])
        world.pass_time(1)
        assert self.states(world, request.name) == {0: "RUNNING"}
        world.scheduler.cancel(array)

    def test_an_id_under_another_name_harms_nobody(self, world: World) -> None:
        request = world.request(1, seconds=20)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 1)
        stranger = SubmittedArray(new_name(), array.job_id)
        world.scheduler.cancel(stranger)
        world.scheduler.signal(stranger)
        world.pass_time(1)
        assert self.states(world, request.name) == {0: "RUNNING"}
        world.scheduler.cancel(array)

    def test_a_signal_lets_a_task_finish_early_and_well(self, world: World) -> None:
        request = world.request(3, seconds=60)
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 3)
        world.pass_time(0.5)
        world.scheduler.signal(array, [0, 2])
        world.until(
            lambda: (
                self.states(world, request.name) == {0: "COMPLETED", 1: "RUNNING", 2: "COMPLETED"}
            )
        )
        world.scheduler.signal(array)
        world.until(lambda: self.states(world, request.name)[1] == "COMPLETED")

    # Accounting.

    def test_history_tells_how_each_task_ended(self, world: World) -> None:
        good, bad = world.request(2), world.request(1, exit_code=3)
        for request in (good, bad):
            self.run(world, request)
        names = [good.name, bad.name]
        world.until(lambda: len(world.scheduler.history(names, world.now - 600)) == 3)
        told = {
            (status.name, status.task): (status.state.outcome, status.exit_code, status.gres)
            for status in world.scheduler.history(names, world.now - 600)
        }
        assert told == {
            (good.name, 0): ("COMPLETED", 0, "gres/shard=1"),
            (good.name, 1): ("COMPLETED", 0, "gres/shard=1"),
            (bad.name, 0): ("FAILED", 3, "gres/shard=1"),
        }

    def test_history_of_nothing_is_nothing(self, world: World) -> None:
        assert world.scheduler.history([], world.now - 600) == []
        assert world.scheduler.history([new_name()], world.now - 600) == []

    # The site.

    def test_nodes_tell_their_shares(self, world: World) -> None:
        request = world.request(3, seconds=20)

        def used() -> int:
            return sum(g.used for n in world.scheduler.nodes() for g in n.gres if g.name == "shard")

        before = used()
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 3)
        nodes = world.scheduler.nodes()
        total = sum(g.total for n in nodes for g in n.gres if g.name == "shard")
        assert total == world.shares
        assert used() >= before + 3
        assert all(node.state.usable for node in nodes)
        busy = {node.name for node in nodes if node.cpus_used}
        assert {status.node for status in world.scheduler.find(request.name)} <= busy
        world.scheduler.cancel(array)

    def test_accounts_tell_their_limits(self, world: World) -> None:
        accounts = {account.name: account for account in world.scheduler.accounts()}
        assert accounts[world.small_account].allowed
        assert accounts[world.small_account].limits == {"GrpTRES": "gres/shard=4"}
        assert world.closed_account not in accounts

    def test_the_site_says_what_the_portal_depends_on(self, world: World) -> None:
        site = world.scheduler.site()
        assert site.controllers_up
        assert "gres/shard" in site.tres
        assert "limits" in site.enforce
        assert site.min_job_age_s > 0
        assert site.max_array_size > 40
        assert site.version == world.scheduler.version()
        world.scheduler.ping()
