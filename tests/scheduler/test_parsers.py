"""The parsers read what real Slurms printed (`scripts/record-payloads`), and survive the rest."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.scheduler import (
    NO_ARRAY,
    GresCount,
    Limit,
    Phase,
    SchedulerError,
    TaskStatus,
    Unavailable,
)
from portal.scheduler.commands import parsers
from portal.scheduler.rows import Rows, newest

PAYLOADS = Path(__file__).parent / "payloads"
# What slurmrestd answered lies beside them, and has parsers and tests of its own.
VERSIONS = sorted(folder.name for folder in PAYLOADS.iterdir() if not folder.match("*-rest"))


@pytest.fixture(params=VERSIONS)
def payloads(request: pytest.FixtureRequest) -> Path:
    return PAYLOADS / str(request.param)


def tasks_of(rows: Rows) -> dict[tuple[str, int], TaskStatus]:
    assert rows.unreadable == ()
    return {(status.name, status.task): status for status in rows.tasks}


class TestRecorded:
    def test_submission(self, payloads: Path) -> None:
        assert parsers.job_id((payloads / "submission.out").read_text()) > 0

    def test_queue(self, payloads: Path) -> None:
        tasks = tasks_of(parsers.queue((payloads / "queue.out").read_text()))
        seen = {key: (s.state.base, s.exit_code, s.exit_signal) for key, s in tasks.items()}
        assert seen["good", 1] == ("COMPLETED", 0, None)
        assert seen["exit-three", 0] == ("FAILED", 3, None)
        assert seen["killed", 0] == ("FAILED", 0, 9)
        assert seen["cancelled", 0] == ("RUNNING", None, None)
        assert seen["cancelled", 1][0] == "CANCELLED"
        assert seen["held", 0] == ("PENDING", None, None)
        states = Counter(s.state.base for (name, _), s in tasks.items() if name == "limited")
        assert states == {"RUNNING": 4, "PENDING": 2}

    def test_queue_times(self, payloads: Path) -> None:
        tasks = tasks_of(parsers.queue((payloads / "queue.out").read_text()))
        good = tasks["good", 0]
        assert good.submitted is not None
        assert good.started is not None
        assert good.ended is not None
        assert good.submitted <= good.started <= good.ended
        running = tasks["cancelled", 0]
        assert running.started is not None
        assert running.ended is None
        dropped = tasks["dropped", 0]
        assert dropped.state.outcome == "CANCELLED"
        assert dropped.started is None
        assert dropped.ended is not None

    def test_queue_reasons_and_places(self, payloads: Path) -> None:
        tasks = tasks_of(parsers.queue((payloads / "queue.out").read_text()))
        assert {s.reason for s in tasks.values() if s.state.phase is Phase.PENDING} >= {
            "AssocGrpGRES",
            "JobHeldUser",
        }
        assert tasks["good", 0].reason == ""
        assert tasks["good", 0].node.startswith("g")
        assert tasks["held", 0].node == ""
        assert tasks["good", 0].gres == "gres/shard=1"
        assert tasks["whole", 0].gres == "gres/gpu=2"
        assert tasks["limited", 5].account == "school2"

    def test_absent(self, payloads: Path) -> None:
        assert parsers.queue((payloads / "queue-absent.out").read_text()).tasks == ()
        assert parsers.history((payloads / "history-absent.out").read_text()).tasks == ()

    def test_history(self, payloads: Path) -> None:
        tasks = tasks_of(parsers.history((payloads / "history.out").read_text()))
        seen = {key: (s.state.base, s.exit_code, s.exit_signal) for key, s in tasks.items()}
        assert seen["good", 1] == ("COMPLETED", 0, None)
        assert seen["exit-three", 0] == ("FAILED", 3, None)
        assert seen["killed", 0] == ("FAILED", 0, 9)
        assert seen["cancelled", 1][0] == "CANCELLED"
        assert tasks["cancelled", 1].state.raw.startswith("CANCELLED by ")
        assert tasks["good", 0].gres == "gres/shard=1"
        assert tasks["limited", 4].state.base == "PENDING"
        assert tasks["limited", 5].started is None

    def test_nodes(self, payloads: Path) -> None:
        nodes = {node.name: node for node in parsers.nodes((payloads / "nodes.out").read_text())}
        assert sorted(nodes) == ["g1", "g2", "g3", "g4"]
        shared = {(g.name, g.type): (g.used, g.total) for g in nodes["g1"].gres}
        assert shared[("shard", "demo")][1] == 16
        whole = [n for n in nodes.values() for g in n.gres if g.name == "gpu" and g.used == 2]
        assert len(whole) == 1
        used = sum(g.used for node in nodes.values() for g in node.gres if g.name == "shard")
        running = parsers.queue((payloads / "queue.out").read_text()).tasks
        assert used == sum(s.state.base == "RUNNING" for s in running if "shard" in s.gres)
        assert nodes["g1"].partitions == ("class",)
        assert nodes["g1"].memory_mb == 128_000
        assert nodes["g1"].state.usable

    def test_site(self, payloads: Path) -> None:
        site = parsers.site((payloads / "config.out").read_text())
        assert payloads.name == f"slurm-{site.version.rpartition('.')[0]}"
        assert site.controllers_up
        assert {"gres/gpu", "gres/shard"} <= set(site.tres)
        assert {"limits", "associations"} <= set(site.enforce)
        assert site.gres_types == ("gpu", "shard")
        assert site.min_job_age_s == 300
        assert site.message_timeout_s == 10
        assert site.preemption is not None
        assert site.preemption.type in ("", "preempt/none")
        assert site.preemption.modes == ("OFF",)
        assert site.preemption.qos_weight == 0
        assert site.version == parsers.version((payloads / "version.out").read_text())

    def test_accounts(self, payloads: Path) -> None:
        text = (payloads / "accounts.out").read_text()
        texts = (payloads / "entities.out").read_text()
        accounts = {account.name: account for account in parsers.accounts(text, texts, "kesuan")}
        assert accounts["school2"].allowed
        assert accounts["school2"].limits == {Limit("GrpTRES", "gres/shard"): 4}
        assert accounts["school2"].description == "school2"
        assert accounts["root"].description == "default root account"
        assert accounts["school2"].parent == "root"
        assert accounts["school2"].qos == ("class", "normal")
        assert not accounts["root"].allowed
        assert not any(a.allowed for a in parsers.accounts(text, texts, "stranger"))

    def test_reservations(self, payloads: Path) -> None:
        (booked,) = parsers.reservations((payloads / "reservations.out").read_text())
        assert booked.name == "lesson-7-2"
        assert booked.node_count == 2
        assert booked.ends - booked.starts == 40 * 60
        assert booked.partition == "class"
        assert booked.users == ("kesuan",)
        assert booked.accounts == ("school1",)
        assert not booked.active


ROW = "7|3|RUNNING|None|g1|school1|100|100|110|400|0|cpu=1,gres/shard=1|gres:shard:1|lesson-1"


class TestQueueRows:
    def test_a_row_that_makes_no_sense_is_kept_apart(self) -> None:
        rows = parsers.queue(f"{ROW}\nname of somebody\n7|x|RUNNING\n")
        assert len(rows.tasks) == 1
        assert rows.unreadable == ("name of somebody", "7|x|RUNNING")

    def test_nothing_but_nonsense_is_no_answer(self) -> None:
        with pytest.raises(Unavailable):
            parsers.queue("slurm_load_jobs error\n")

    def test_jobs_with_names_of_others_are_left_out(self) -> None:
        rows = parsers.queue(ROW.replace("lesson-1", "My Job|x"))
        assert rows == Rows((), ())

    def test_a_job_without_tasks(self) -> None:
        (status,) = parsers.queue(ROW.replace("7|3|", "7|N/A|")).tasks
        assert status.task == NO_ARRAY

    @pytest.mark.parametrize(
        ("printed", "code", "signal"),
        [
            ("0", 0, None),
            ("768", 3, None),  # squeue of 22.05: the raw status of wait(2)
            ("15", 0, 15),
            ("0:0", 0, None),
            ("3:0", 3, None),  # squeue of 24.11
            ("0:15", 0, 15),
            ("", None, None),
            ("x:y", None, None),
        ],
    )
    def test_an_exit_code_in_two_tongues(
        self, printed: str, code: int | None, signal: int | None
    ) -> None:
        row = ROW.replace("RUNNING", "FAILED").replace("|400|0|", f"|400|{printed}|")
        (status,) = parsers.queue(row).tasks
        assert (status.exit_code, status.exit_signal) == (code, signal)

    @pytest.mark.parametrize(
        ("allocated", "asked", "gres"),
        [
            ("cpu=1,gres/gpu=1,gres/gpu:a100=1", "gres:gpu:1", "gres/gpu=1,gres/gpu:a100=1"),
            ("cpu=1", "gres:shard:1", "gres/shard=1"),
            ("cpu=1", "gres/shard:2", "gres/shard=2"),
            ("cpu=1", "gres/gpu:1g.10gb:1", "gres/gpu:1g.10gb=1"),
            ("cpu=1", "N/A", ""),
        ],
    )
    def test_resources_in_one_tongue(self, allocated: str, asked: str, gres: str) -> None:
        row = ROW.replace("cpu=1,gres/shard=1|gres:shard:1", f"{allocated}|{asked}")
        (status,) = parsers.queue(row).tasks
        assert status.gres == gres

    def test_an_expected_start_is_no_start(self) -> None:
        row = ROW.replace("RUNNING", "PENDING").replace("|g1|", "||")
        (status,) = parsers.queue(row).tasks
        assert status.expected_start == 110
        assert status.started is None

    def test_an_unheard_of_state_is_unknown(self) -> None:
        (status,) = parsers.queue(ROW.replace("RUNNING", "TELEPORTING")).tasks
        assert status.state.unknown
        assert status.state.raw == "TELEPORTING"
        assert status.ended is None


HISTORY = "7_3|9|COMPLETED|None|g1|school1|100|100|110|140|0:0|gres/shard=1|gres/shard=1|lesson-1"


class TestHistoryRows:
    @pytest.mark.parametrize(
        ("identity", "tasks"),
        [
            ("7_3", [3]),
            ("7_[3]", [3]),
            ("7_[0-2,5]", [0, 1, 2, 5]),
            ("7_[4-5%10]", [4, 5]),
            ("7", [NO_ARRAY]),
        ],
    )
    def test_tasks_of_an_identity(self, identity: str, tasks: list[int]) -> None:
        rows = parsers.history(HISTORY.replace("7_3", identity))
        assert [(status.job_id, status.task) for status in rows.tasks] == [(7, t) for t in tasks]

    @pytest.mark.parametrize(
        "identity", ["7_[0-99999999]", "7_[5-2]", "7_[a]", "x_1", "7_", "7_[]"]
    )
    def test_an_identity_that_makes_no_sense(self, identity: str) -> None:
        with pytest.raises(Unavailable):
            parsers.history(HISTORY.replace("7_3", identity))

    def test_of_two_records_of_a_task_the_last_counts(self) -> None:
        older = HISTORY.replace("|100|100|110|140|", "|50|50|60|90|").replace("COMPLETED", "FAILED")
        for text in (f"{HISTORY}\n{older}", f"{older}\n{HISTORY}"):
            (status,) = newest(parsers.history(text).tasks)
            assert status.state.base == "COMPLETED"


class TestNodes:
    @pytest.mark.parametrize(
        ("state", "base", "flags", "usable"),
        [
            ("IDLE", "IDLE", set(), True),
            ("MIXED+PLANNED", "MIXED", {"PLANNED"}, True),
            ("IDLE+DRAIN", "IDLE", {"DRAIN"}, False),
            ("DOWN*", "DOWN", {"NOT_RESPONDING"}, False),
            ("DOWN*+DRAIN", "DOWN", {"NOT_RESPONDING", "DRAIN"}, False),
            ("IDLE~", "IDLE", {"POWERED_DOWN"}, False),
            ("FUTURE", "FUTURE", set(), False),
        ],
    )
    def test_states(self, state: str, base: str, flags: set[str], usable: bool) -> None:
        (node,) = parsers.nodes(f"NodeName=n1 CPUTot=4 State={state} RealMemory=10")
        assert node.state.base == base
        assert node.state.flags == flags
        assert node.state.usable is usable

    def test_a_reason_with_spaces(self) -> None:
        line = "NodeName=n1 State=DOWN+DRAIN Reason=fan is broken = loud [root@2026-11-21T10:00:00]"
        (node,) = parsers.nodes(line)
        assert node.reason == "fan is broken = loud"

    def test_none(self) -> None:
        assert parsers.nodes("") == []
        assert parsers.nodes("No nodes in the system\n") == []

    def test_nonsense_is_no_answer(self) -> None:
        with pytest.raises(Unavailable):
            parsers.nodes("slurm_load_node error\n")

    def test_a_node_of_slices(self) -> None:
        (node,) = parsers.nodes(
            "NodeName=n1 State=MIXED Gres=gpu:a100_1g.5gb:7,gpu:a100:1 "
            "GresUsed=gpu:a100_1g.5gb:3(IDX:0-2),gpu:a100:1(IDX:7) "
            "CfgTRES=cpu=4,gres/gpu=8 AllocTRES=cpu=1,gres/gpu=4"
        )
        assert node.gres == (
            GresCount("gpu", "a100_1g.5gb", 7, 3),
            GresCount("gpu", "a100", 1, 1),
        )


# Text as it might come from a Slurm that nobody has seen yet: made of the pieces of known answers.
pieces = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["|", "\n", "7", "7_[0-3]", "N/A", "RUNNING", "=", ":", "(", ")", ",", "+"]
        ),
        st.sampled_from(
            [ROW, HISTORY, "NodeName=", "State=", "Account|User|QOS", "SLURM_VERSION = 1"]
        ),
        st.integers(-(10**30), 10**30).map(str),
    ),
    max_size=40,
).map("".join)


@given(pieces)
@pytest.mark.parametrize(
    "parser",
    [
        parsers.queue,
        parsers.history,
        parsers.nodes,
        parsers.site,
        parsers.version,
        parsers.job_id,
        lambda text: parsers.accounts(text, text, "kesuan"),
        parsers.reservations,
    ],
    ids=["queue", "history", "nodes", "site", "version", "job_id", "accounts", "reservations"],
)
def test_any_text_is_read_or_refused(parser: object, text: str) -> None:
    """Whatever Slurm prints, nothing but a `SchedulerError` comes out."""
    assert callable(parser)
    with suppress(SchedulerError):
        parser(text)


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\n"), max_size=30), max_size=16))
def test_a_row_of_any_fields_gives_only_names_of_ours(fields: list[str]) -> None:
    try:
        rows = parsers.queue("|".join(fields))
    except Unavailable:
        return
    assert all(status.name.isascii() and status.name for status in rows.tasks)
