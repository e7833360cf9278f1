"""What every way to Slurm must do. Each backend's tests inherit this and bring a `World`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import pytest

from portal.scheduler import (
    AccountStatus,
    AccountWish,
    ArrayRequest,
    Change,
    Field,
    Limit,
    NotPermitted,
    Phase,
    QosStatus,
    QosWish,
    Rejected,
    Reservation,
    ReservationRequest,
    Scheduler,
    SubmittedArray,
    TaskStatus,
    Unsupported,
)

SHARES = Limit("GrpTRES", "gres/shard")
HOSTILE = ("", "a b", "A", "x\n--nice=-5", "a|b", "a,b", "-x", "a" * 65, "ä", "a;b", "a\0b", "../a")


class World(Protocol):
    """A scheduler, a way to make work for it, and a way to let time pass."""

    @property
    def scheduler(self) -> Scheduler:
        """Of the service user, who is no operator of Slurm's."""

    @property
    def staff(self) -> Scheduler:
        """Of an operator, for the same service user."""

    open_account: str
    small_account: str  # four shares at once
    closed_account: str
    shares: int  # of all nodes together: two nodes, each with two GPUs
    license: str  # two of it

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

    def waiting_for(self, world: World, name: str) -> set[str]:
        """Why the tasks wait that do."""
        found = world.scheduler.find(name)
        return {status.reason for status in found if status.state.base == "PENDING"}

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

    @pytest.mark.parametrize(
        "key", ["account", "partition", "qos", "reservation", "gres", "licenses"]
    )
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
        world.until(lambda: self.waiting_for(world, request.name) == {"AssocGrpGRES"})
        world.scheduler.cancel(array)

    def test_a_licence_that_is_taken_is_waited_for(self, world: World) -> None:
        request = world.request(3, seconds=20, licenses=f"{world.license}:1")
        array = world.scheduler.submit(request)
        self.until_running(world, request.name, 2)
        world.until(lambda: self.waiting_for(world, request.name) == {"Licenses"})
        world.scheduler.cancel(array)

    def test_a_licence_that_nobody_has_is_rejected(self, world: World) -> None:
        with pytest.raises(Rejected):
            world.scheduler.submit(world.request(licenses="nobodys:1"))

    def test_a_full_cluster_tells_when_it_expects_to_start(self, world: World) -> None:
        full = world.scheduler.submit(world.request(2, seconds=30, gres="gpu:2"))
        self.until_running(world, full.name, 2)
        next_one = world.scheduler.submit(world.request(1, gres="gpu:1"))
        # Slurm may tell a start before it tells why it is not now.
        world.until(
            lambda: (
                world.scheduler.find(next_one.name)[0].expected_start is not None
                and self.waiting_for(world, next_one.name) <= {"Resources", "Priority"}
            )
        )
        (status,) = world.scheduler.find(next_one.name)
        assert status.state.base == "PENDING"
        assert status.expected_start is not None
        assert world.now < status.expected_start < world.now + 6 * 60
        for array in (next_one, full):
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
        # The program has to be there before it can listen, on a busy machine as well.
        world.pass_time(2)
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

    @pytest.mark.parametrize("since", [0.0, 1.5, 1e9])
    def test_history_of_nothing_is_nothing(self, world: World, since: float) -> None:
        assert world.scheduler.history([], since) == []
        assert world.scheduler.history([new_name()], since) == []

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
        for shard in (g for n in nodes for g in n.gres if g.name == "shard" and g.devices):
            assert sum(used for used, _ in shard.devices) == shard.used
            assert sum(total for _, total in shard.devices) == shard.total
        busy = {node.name for node in nodes if node.cpus_used}
        assert {status.node for status in world.scheduler.find(request.name)} <= busy
        world.scheduler.cancel(array)

    def test_accounts_tell_their_limits(self, world: World) -> None:
        accounts = {account.name: account for account in world.scheduler.accounts()}
        assert accounts[world.small_account].allowed
        assert accounts[world.small_account].limits == {SHARES: 4}
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

    # What operators change: reservations.

    def reservation(self, world: World, **changes: Any) -> ReservationRequest:
        """One node from in ten minutes on, for ten minutes."""
        name, now = f"lesson-{new_name()[:8]}", world.now
        plain = ReservationRequest(
            name, now + 600, now + 1200, accounts=(world.open_account,), node_count=1
        )
        return replace(plain, **changes)

    def reserve(self, world: World, request: ReservationRequest) -> Reservation:
        """Make it, or skip the test where this way to Slurm cannot."""
        try:
            return world.staff.reserve(request)
        except Unsupported as cannot:
            pytest.skip(cannot.words)

    def names(self, world: World) -> set[str]:
        return {found.name for found in world.scheduler.reservations()}

    def test_a_reservation_is_made_changed_and_ended(self, world: World) -> None:
        request = self.reservation(world)
        made = self.reserve(world, request)
        assert (made.name, made.node_count, made.active) == (request.name, 1, False)
        assert made.accounts == (world.open_account,)
        assert made.starts == pytest.approx(request.starts, abs=2)
        assert made.ends == pytest.approx(request.ends, abs=2)
        assert world.staff.reserve(request) == made
        assert made in world.scheduler.reservations()
        longer = replace(request, ends=request.ends + 600, accounts=(world.small_account,))
        changed = world.staff.change_reservation(longer)
        assert changed.ends == pytest.approx(longer.ends, abs=2)
        assert changed.accounts == (world.small_account,)
        assert (changed.starts, changed.nodes) == (made.starts, made.nodes)
        assert world.staff.change_reservation(longer) == changed
        with pytest.raises(Rejected):
            world.staff.reserve(request)
        for _ in range(2):
            world.staff.delete_reservation(request.name)
        assert request.name not in self.names(world)

    def test_reserved_nodes_are_for_those_who_have_reserved(self, world: World) -> None:
        booked = self.reserve(
            world,
            self.reservation(world, starts=world.now, node_count=2, flags=("IGNORE_JOBS",)),
        )
        assert booked.active
        mine = world.scheduler.submit(world.request(1, seconds=30, reservation=booked.name))
        with pytest.raises(NotPermitted):
            world.scheduler.submit(
                world.request(account=world.small_account, reservation=booked.name)
            )
        other = world.scheduler.submit(world.request(1, account=world.small_account))
        self.until_running(world, mine.name, 1)
        world.pass_time(1)
        assert self.states(world, other.name) == {0: "PENDING"}
        with pytest.raises(Rejected):
            world.staff.delete_reservation(booked.name)
        world.scheduler.cancel(mine)
        world.until(lambda: all(s.state.ended for s in world.scheduler.find(mine.name)))
        world.staff.delete_reservation(booked.name)
        world.until(lambda: self.states(world, other.name) == {0: "COMPLETED"})

    def test_a_reservation_that_cannot_be_leaves_nothing(self, world: World) -> None:
        first = self.reservation(world)
        self.reserve(world, first)
        nobodys = self.reservation(world, accounts=("nobodys",))
        for impossible in (
            self.reservation(world, node_count=99),
            self.reservation(world, node_count=2),  # one of the two is taken
            nobodys,
        ):
            with pytest.raises(Rejected) as refusal:
                world.staff.reserve(impossible)
            assert refusal.value.words
            assert not isinstance(refusal.value, NotPermitted)
        with pytest.raises(Rejected):
            world.staff.change_reservation(nobodys)
        assert self.names(world) == {first.name}
        world.staff.delete_reservation(first.name)

    def test_reservations_are_made_by_operators_only(self, world: World) -> None:
        request = self.reservation(world)
        self.reserve(world, request)
        with pytest.raises(NotPermitted):
            world.scheduler.reserve(self.reservation(world))
        with pytest.raises(NotPermitted):
            world.scheduler.delete_reservation(request.name)
        world.staff.delete_reservation(request.name)
        assert self.names(world) == set()

    @pytest.mark.parametrize(
        "changes",
        [
            {"name": "a b"},
            {"name": "a,nodes=ALL"},
            {"accounts": ()},
            {"accounts": ("a,b",)},
            {"users": ("root\nusers=x",)},
            {"node_count": 0},
            {"nodes": "ALL"},  # beside a count
            {"node_count": None},
            {"node_count": None, "tres": "cpu=1 users=x"},
            {"flags": ("MAINT,FLEX",)},
            {"ends": 1.0},
            {"partition": "--help"},
        ],
    )
    def test_a_hostile_reservation_goes_nowhere(
        self, world: World, changes: dict[str, Any]
    ) -> None:
        request = self.reservation(world, **changes)
        for order in (world.staff.reserve, world.staff.change_reservation):
            with pytest.raises(Rejected):
                order(request)

    # What operators change: accounts.

    def apply(self, world: World, wish: AccountWish) -> tuple[Change, ...]:
        """Make it so, or skip the test where this way to Slurm cannot."""
        try:
            return world.staff.apply_account(wish)
        except Unsupported as cannot:
            pytest.skip(cannot.words)

    def account(self, world: World, name: str) -> AccountStatus | None:
        return next((a for a in world.scheduler.accounts() if a.name == name), None)

    def test_an_account_becomes_what_is_wished(self, world: World) -> None:
        name = f"sch-{new_name()[:8]}"
        minutes, jobs = Limit("GrpTRESMins", "gres/shard"), Limit("MaxJobs")
        wish = AccountWish(
            name,
            description="hua yuan",
            organization="kesuan",
            qos=("class", "normal"),
            limits={SHARES: 16, minutes: 1000, jobs: 40},
        )
        with pytest.raises((NotPermitted, Unsupported)):
            world.scheduler.apply_account(wish)
        done = self.apply(world, wish)
        assert {change.what for change in done} >= {Field.ACCOUNT, Field.USER, SHARES, jobs}
        assert world.staff.apply_account(wish) == ()
        made = self.account(world, name)
        assert made is not None
        assert made.allowed
        assert made.parent == "root"
        assert (made.description, made.organization) == ("hua yuan", "kesuan")
        assert set(made.qos) == {"class", "normal"}
        assert made.limits == wish.limits
        array = world.scheduler.submit(world.request(1, seconds=20, account=name))
        self.until_running(world, array.name, 1)
        with pytest.raises(Rejected):
            world.staff.delete_account(name)
        world.scheduler.cancel(array)
        world.until(lambda: all(s.state.ended for s in world.scheduler.find(array.name)))

        less = AccountWish(name, limits={SHARES: 8, jobs: None}, qos=("normal",))
        assert [str(change) for change in world.staff.apply_account(less)] == [
            "QOS: class,normal → normal",
            "GrpTRES gres/shard: 16 → 8",
            "MaxJobs: 40 → -",
        ]
        changed = self.account(world, name)
        assert changed is not None
        assert changed.limits == {SHARES: 8, minutes: 1000}
        assert changed.qos == ("normal",)
        world.staff.apply_account(AccountWish(name, allowed=False))
        with pytest.raises(NotPermitted):
            world.scheduler.submit(world.request(account=name))
        for _ in range(2):
            world.staff.delete_account(name)
        assert self.account(world, name) is None

    def test_an_account_with_others_below_it_is_not_deleted(self, world: World) -> None:
        above, below = f"above-{new_name()[:8]}", f"below-{new_name()[:8]}"
        self.apply(world, AccountWish(above, allowed=None))
        world.staff.apply_account(AccountWish(below, parent=above, allowed=None))
        with pytest.raises(Rejected, match=below):
            world.staff.delete_account(above)
        world.staff.apply_account(AccountWish(below, parent="root", allowed=None))
        world.staff.delete_account(above)
        made = self.account(world, below)
        assert made is not None
        assert (made.parent, made.allowed) == ("root", False)
        world.staff.delete_account(below)

    def test_an_account_is_open_in_its_partitions_alone(self, world: World) -> None:
        name = f"part-{new_name()[:8]}"
        self.apply(world, AccountWish(name, partitions=("elsewhere",)))
        try:
            made = self.account(world, name)
            assert made is not None
            assert (made.allowed, made.partitions) == (True, ("elsewhere",))
            with pytest.raises(NotPermitted):
                world.scheduler.submit(world.request(account=name))
            both = AccountWish(name, partitions=("class", "elsewhere"))
            assert [str(change) for change in world.staff.apply_account(both)] == [
                "partitions: elsewhere → class,elsewhere"
            ]
            array = world.scheduler.submit(world.request(account=name))
            world.until(lambda: all(s.state.ended for s in world.scheduler.find(array.name)))
            everywhere = AccountWish(name, partitions=())
            assert world.staff.apply_account(everywhere) != ()
            assert world.staff.apply_account(everywhere) == ()
        finally:
            world.staff.delete_account(name)

    def test_a_qos_becomes_what_is_wished_and_is_held_to_it(self, world: World) -> None:
        name = f"own-{new_name()[:8]}"
        wish = QosWish(name, priority=100, preempts=("class",), limits={SHARES: 2})
        try:
            with pytest.raises((NotPermitted, Unsupported)):
                world.scheduler.apply_qos(wish)
            done = world.staff.apply_qos(wish)
        except Unsupported as cannot:
            pytest.skip(cannot.words)
        assert [str(change) for change in done] == [
            f"QOS {name}: + new",
            f"QOS {name} Priority: + 100",
            f"QOS {name} Preempt: + class",
            f"QOS {name} GrpTRES gres/shard: + 2",
        ]
        assert world.staff.apply_qos(wish) == ()
        assert QosStatus(name, 100, ("class",), {SHARES: 2}) in world.scheduler.qos()

        self.apply(world, AccountWish(name, qos=("class", name), partitions=()))
        request = world.request(4, seconds=20, account=name, qos=name)
        array = world.scheduler.submit(request)
        self.until_running(world, array.name, 2)
        assert sum(s.state.phase is Phase.PENDING for s in world.scheduler.find(array.name)) == 2
        world.scheduler.cancel(array)
        world.until(lambda: all(s.state.ended for s in world.scheduler.find(array.name)))
        world.staff.delete_account(name)

        other = QosWish(name, priority=100, preempts=(), limits={SHARES: 3})
        assert [str(change) for change in world.staff.apply_qos(other)] == [
            f"QOS {name} Preempt: class → -",
            f"QOS {name} GrpTRES gres/shard: 2 → 3",
        ]

    def test_what_waits_goes_on_waiting_under_another_qos(self, world: World) -> None:
        suffix = new_name()[:8]
        narrow, own = f"narrow-{suffix}", f"own-{suffix}"
        try:
            world.staff.apply_qos(QosWish(narrow, 1, limits={SHARES: 1}))
            world.staff.apply_qos(QosWish(own, 2, limits={SHARES: 2}))
        except Unsupported as cannot:
            with pytest.raises(Unsupported):
                world.scheduler.change_qos(SubmittedArray(new_name(), 1), [0], own)
            pytest.skip(cannot.words)
        self.apply(world, AccountWish(own, qos=("class", narrow, own), partitions=()))
        request = world.request(6, seconds=30, account=own, qos=narrow)
        array = world.scheduler.submit(request)
        try:
            self.until_running(world, array.name, 1)
            (running,) = [t for t, s in self.states(world, array.name).items() if s == "RUNNING"]
            others = sorted({0, 1, 2, 3, 4, 5} - {running})

            world.scheduler.change_qos(SubmittedArray(new_name(), array.job_id), others, own)
            world.pass_time(3)
            self.until_running(world, array.name, 1)

            # One that runs and one that is none are no error, and keep nobody else from it.
            world.scheduler.change_qos(array, [running, *others[1:4], 77], own)
            self.until_running(world, array.name, 3)
            world.scheduler.change_qos(array, others[1:4], own)
            world.pass_time(3)
            found = world.scheduler.find(array.name)
            assert sorted(status.task for status in found) == [0, 1, 2, 3, 4, 5]
            assert {status.job_id for status in found} == {array.job_id}
            ran = {status.task for status in found if status.state.phase is Phase.RUNNING}
            assert ran < {running, *others[1:4]}
            assert len(ran) == 3

            # Whoever waits under it, and whoever was left where they were, is still told apart.
            (waiting,) = {*others[1:4]} - ran
            world.scheduler.cancel(array, [waiting, others[0]])
            left = {running, *ran, others[4]}
            world.until(
                lambda: (
                    {s.task for s in world.scheduler.find(array.name) if not s.state.ended} == left
                )
            )
            with pytest.raises(NotPermitted):
                world.scheduler.change_qos(array, [others[4]], "normal")
        finally:
            world.scheduler.cancel(array)
            world.until(lambda: all(s.state.ended for s in world.scheduler.find(array.name)))
            world.staff.delete_account(own)

    @pytest.mark.parametrize("qos", ["a b", "own\n--nice=-5", "own,class", ""])
    def test_a_hostile_name_of_a_qos_goes_nowhere(self, world: World, qos: str) -> None:
        with pytest.raises(Rejected):
            world.scheduler.change_qos(SubmittedArray(new_name(), 1), [0], qos)

    @pytest.mark.parametrize(
        "wish",
        [
            QosWish("a b", 1),
            QosWish("own", -1),
            QosWish("own", 1, preempts=("a,b",)),
            QosWish("own", 1, limits={Limit("GrpTRES", "cpu=1,mem"): 1}),
        ],
    )
    def test_a_hostile_qos_goes_nowhere(self, world: World, wish: QosWish) -> None:
        with pytest.raises(Rejected):
            world.staff.apply_qos(wish)

    @pytest.mark.parametrize(
        "wish",
        [
            AccountWish("root"),
            AccountWish("Hua"),
            AccountWish("a b"),
            AccountWish("hua", parent="a,b"),
            AccountWish("hua", parent="hua"),
            AccountWish("hua", description='x" set adminlevel=admin'),
            AccountWish("hua", description="a|b"),
            AccountWish("hua", organization="x\ny"),
            AccountWish("hua", qos=("normal,class",)),
            AccountWish("hua", qos=()),
            AccountWish("hua", limits={Limit("GrpTRES"): 1}),
            AccountWish("hua", limits={Limit("MaxJobs", "cpu"): 1}),
            AccountWish("hua", limits={Limit("GrpTRES", "cpu=1,mem"): 1}),
            AccountWish("hua", limits={Limit("DefaultQOS"): 1}),
            AccountWish("hua", limits={SHARES: -1}),
            AccountWish("hua", partitions=("a,b",)),
        ],
    )
    def test_a_hostile_wish_goes_nowhere(self, world: World, wish: AccountWish) -> None:
        with pytest.raises(Rejected):
            world.staff.apply_account(wish)
