"""The worker and its keeper, with a play-acted pyslurm in the place of the real one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from portal.config import Slurm
from portal.language import LANGUAGES
from portal.scheduler import (
    NO_ARRAY,
    Ambiguous,
    ArrayRequest,
    NotPermitted,
    QuotaExceeded,
    Rejected,
    Unavailable,
    choice,
    open_scheduler,
)
from portal.scheduler.commands import CommandsScheduler, Runner
from portal.scheduler.pyslurm import Keeper, PyslurmScheduler, records, submission, wire
from portal.scheduler.pyslurm.dialects import DIALECTS, UnknownRelease, dialect_of
from portal.scheduler.pyslurm.wire import TASK_FIELDS

# What the portal uses of pyslurm, in 22.5's way: it has `_set_signal` and does not call it. A
# job's name says how the submission goes.
PLAY = """
import os
__version__ = "{release}"
print("a library that prints")
class RPCError(Exception): pass
def slurm_api_version(): return ({slurm}, 8)
class Job:
    user_id = {uid}; id = 7; name = "a"; array_id = 7; array_task_id = None
    array_tasks_waiting = "0-4:2"; state = "PENDING"; state_reason = "Resources"
    allocated_nodes = None; account = "s"; submit_time = 1; eligible_time = 2; start_time = None
    end_time = None; exit_code = 0; exit_code_signal = 0; gres_per_node = {{"gres/shard": 1}}
class Odd(Job):
    name = "odd"
    @property
    def gres_per_node(self): raise IndexError("list index out of range")
class Foreign(Job):
    name = "b"; user_id = -1
class Jobs(dict):
    @staticmethod
    def load():
        if os.path.exists("{folder}/down"): raise RPCError("Unable to contact slurm controller")
        return Jobs(enumerate([Job(), Odd(), Foreign()]))
class JobSubmitDescription:
    sent = signal = None
    def __init__(self, **options): self.__dict__.update(options)
    def _set_min_cpus(self): pass
    def _set_signal(self): self.sent = self.signal
    def submit(self):
        self._set_min_cpus()
        if self.name == "die": os._exit(1)
        if self.name == "value": raise ValueError("Invalid specifier: 'a'")
        return self.sent["time"] if self.sent else 12
class slurmctld:
    class Config:
        @staticmethod
        def load(): os.stat("{folder}")
"""

REQUEST = ArrayRequest(
    name="a",
    tasks=40,
    script=Path("/data/job.sh"),
    workdir=Path("/data/w"),
    output="slurm-%a.out",
    account="school1",
    cpus=1,
    memory_mb=100,
    minutes=5,
)


@pytest.fixture
def lay(tmp_path: Path) -> Callable[..., Path]:
    """A folder with a pyslurm of some release, and sbatch of some Slurm in `bin`."""

    def _lay(release: str = "22.5.3", slurm: str = "22, 5", here: str = "22.05.8") -> Path:
        package = tmp_path / "pyslurm"
        package.mkdir()
        text = PLAY.format(release=release, slurm=slurm, folder=tmp_path, uid=os.getuid())
        (package / "__init__.py").write_text(text)
        (tmp_path / "bin").mkdir()
        sbatch = tmp_path / "bin" / "sbatch"
        sbatch.write_text(f"#!/bin/sh\necho slurm {here}\n")
        sbatch.chmod(0o755)
        return tmp_path

    return _lay


@pytest.fixture
def folder(lay: Callable[..., Path]) -> Path:
    return lay()


@pytest.fixture
def scheduler(folder: Path) -> Iterator[PyslurmScheduler]:
    """Patient with a slow machine: only the tests of stalls are in a hurry."""
    runner = Runner(folder / "bin", None, 60.0)
    keeper = Keeper.of(runner, folder)
    me = Path("/proc/self").owner()
    yield PyslurmScheduler(keeper, CommandsScheduler(runner, me), me, runner.environment)
    keeper.close()


def test_a_worker_answers_dies_and_is_replaced(scheduler: PyslurmScheduler, folder: Path) -> None:
    snapshot = scheduler.alive()
    assert [(s.name, s.job_id, s.task, s.gres) for s in snapshot.tasks] == [
        ("a", 7, task, "gres/shard=1") for task in (0, 2, 4)
    ]
    assert len(snapshot.unreadable) == 1
    assert len(scheduler.find("a")) == 3
    assert scheduler.find("b") == []
    with pytest.raises(Unavailable):
        scheduler.find("odd")
    assert scheduler.version() == "22.05.8"
    assert scheduler.submit(REQUEST).job_id == 12
    assert scheduler.submit(replace(REQUEST, signal_before_s=60)).job_id == 60
    with pytest.raises(Rejected) as refusal:
        scheduler.submit(replace(REQUEST, name="value"))
    assert "Invalid specifier" in refusal.value.words
    (folder / "down").touch()
    with pytest.raises(Unavailable, match="Unable to contact"):
        scheduler.alive()
    (folder / "down").unlink()
    with pytest.raises(Ambiguous, match="it said nothing"):
        scheduler.submit(replace(REQUEST, name="die"))
    assert len(scheduler.find("a")) == 3


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Unable to contact slurm controller (connect failure)", Unavailable),
        ("Socket timed out on send/recv operation", Ambiguous),
        ("Job violates accounting/QOS policy (job submit limit)", QuotaExceeded),
        ("Invalid account or account/partition combination specified", NotPermitted),
        ("Requested node configuration is not available", Rejected),
    ],
)
def test_what_slurm_says_means_what_it_means_by_the_commands(
    words: str, error: type[Exception]
) -> None:
    keeper = acted(f'read q; echo \'{{"id":1,"refused":{{"kind":"slurm","words":"{words}"}}}}\'')
    with closing(keeper), pytest.raises(error, match=re.escape(words)):
        over(keeper).submit(REQUEST)


GREETING = '{"pyslurm":"22.5.3","slurm":"22.05.8"}'


def acted(play: str, timeout_s: float = 20.0) -> Keeper:
    """A keeper whose worker greets and then does as the play says."""
    return Keeper(["/bin/sh", "-c", f"echo '{GREETING}'; {play}"], {}, timeout_s)


def over(keeper: Keeper) -> PyslurmScheduler:
    return PyslurmScheduler(keeper, CommandsScheduler(Runner(), "kesuan"), "kesuan", {})


@pytest.mark.parametrize(
    ("play", "words"),
    [
        ("read q; sleep 600", "in time"),
        ("read q; kill -STOP $$", "in time"),
        ("read q; kill -KILL $$", "it said nothing"),
        ("read q; echo fatal: no way on >&2; exit 1", "fatal: no way on"),
        ("read q; echo nonsense", "no answer at all"),
        ("read q; echo []", "no answer at all"),
        ('read q; echo "$q"', "without a result"),
        ('read q; echo \'{"id":99,"result":1}\'', "another question"),
        ("read q; yes | tr -d '\\n'", "more than"),
    ],
)
def test_no_answer_to_a_submission_leaves_it_open(
    play: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ANSWER_BYTES", 1 << 20)
    keeper = acted(play, 1.0 if words == "in time" else 20.0)
    with closing(keeper):
        with pytest.raises(Ambiguous, match=words):
            over(keeper).submit(REQUEST)
        with pytest.raises(Unavailable, match=words):
            over(keeper).alive()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/bin/sh", "-c", "echo fatal: no conf >&2; exit 1"], "fatal: no conf"),
        (["/bin/sh", "-c", "echo hello; sleep 600"], "no answer at all"),
        (["/bin/sh", "-c", "sleep 600"], "in time"),
        (["/nowhere/python"], "No such file"),
    ],
)
def test_a_worker_that_does_not_come_up_has_done_nothing(command: list[str], words: str) -> None:
    keeper = Keeper(command, {}, 1.0 if words == "in time" else 20.0)
    with closing(keeper):
        with pytest.raises(Unavailable, match=words):
            over(keeper).submit(REQUEST)
        with pytest.raises(Unavailable, match=words):
            over(keeper).version()


def test_who_waits_for_another_waits_no_longer_than_the_limit() -> None:
    keeper = acted("read q; sleep 600", 1.0)
    with closing(keeper), ThreadPoolExecutor() as pool:
        asked = [pool.submit(over(keeper).submit, REQUEST) for _ in range(3)]
        said = {type(one.exception()) for one in asked}
    assert said <= {Ambiguous, Unavailable}
    assert Ambiguous in said


def test_a_request_that_would_fill_the_pipe_is_rejected() -> None:
    with closing(acted("cat")) as keeper, pytest.raises(Rejected):
        over(keeper).submit(replace(REQUEST, workdir=Path("/" + "x" * wire.REQUEST_BYTES)))


# One row of the queue, by what it tells and what it becomes.

ROW = {
    "id": 7,
    "name": "a",
    "array_id": 7,
    "state": "RUNNING",
    "state_reason": "None",
    "allocated_nodes": "g1",
    "account": "school1",
    "submit_time": 100,
    "eligible_time": 100,
    "start_time": 101,
    "end_time": 400,
    "exit_code": 0,
    "exit_code_signal": 0,
    "gres_per_node": {"shard": 1},
}


def read(**changes: object) -> records.Rows:
    row = ROW | changes
    return records.queue({"tasks": [[row.get(field) for field in TASK_FIELDS]], "unreadable": []})


@pytest.mark.parametrize(
    ("changes", "tasks"),
    [
        ({"array_task_id": 3, "id": 9}, [3]),
        ({}, [0]),  # pyslurm has no 0
        ({"array_tasks_waiting": "0-2,7", "state": "PENDING"}, [0, 1, 2, 7]),
        ({"array_tasks_waiting": "1-7:3", "state": "PENDING"}, [1, 4, 7]),
        ({"array_tasks_waiting": "[4]", "state": "PENDING"}, [4]),
        ({"array_id": None}, [NO_ARRAY]),
        ({"state": "CANCELLED", "allocated_nodes": None}, [NO_ARRAY]),
        ({"state": "CANCELLED"}, [0]),
        ({"state": "PENDING", "allocated_nodes": None}, [0]),
    ],
)
def test_the_tasks_of_a_record(changes: dict[str, object], tasks: list[int]) -> None:
    rows = read(**changes)
    assert [status.task for status in rows.tasks] == tasks
    assert {status.job_id for status in rows.tasks} == {7}
    assert not rows.unreadable


def test_times_and_codes_belong_to_their_states() -> None:
    (running,) = read(array_task_id=1).tasks
    assert (running.started, running.ended, running.exit_code) == (101.0, None, None)
    assert (running.reason, running.node, running.gres) == ("", "g1", "gres/shard=1")
    (ended,) = read(array_task_id=1, state="FAILED", exit_code=3).tasks
    assert (ended.ended, ended.exit_code, ended.exit_signal) == (400.0, 3, None)
    (waiting,) = read(state="PENDING", allocated_nodes=None, state_reason="Resources").tasks
    assert (waiting.expected_start, waiting.started) == (101.0, None)
    assert waiting.reason == "Resources"


@pytest.mark.parametrize(
    "changes",
    [{"array_tasks_waiting": "0-2,5,..."}, {"start_time": "soon"}, {"array_id": "x"}],
)
def test_a_record_that_makes_no_sense_is_handed_back(changes: dict[str, object]) -> None:
    rows = read(**changes)
    assert rows.tasks == ()
    assert len(rows.unreadable) == 1


def test_only_what_is_asked_for_is_told() -> None:
    told = submission.options(REQUEST, {"PATH": "/bin"})
    assert told["array"] == "0-39"
    assert told["is_requeueable"] is False
    assert not told.keys() & {"qos", "reservations", "gres_per_node", "signal", "priority"}
    more = replace(REQUEST, concurrent=4, hold=True, signal_before_s=60, gres="shard:2")
    told = submission.options(more, {})
    assert (told["array"], told["priority"], told["gres_per_node"]) == ("0-39%4", 0, "shard:2")
    assert told["signal"] == {"signal": 10, "time": 60, "batch_only": True}


# Which pyslurm goes with which Slurm.


@pytest.mark.parametrize("release", ["22.5.3", "24.11.0", "25.11.2"])
def test_each_release_has_a_dialect(release: str) -> None:
    assert dialect_of(release) in DIALECTS.values()


@pytest.mark.parametrize("release", ["23.11.1", "26.5.0", "", "x"])
def test_another_release_has_none(release: str) -> None:
    with pytest.raises(UnknownRelease):
        dialect_of(release)


def automatic(folder: Path, **more: object) -> Slurm:
    bin_folder = folder / "bin"
    return Slurm(partition="class", bin=bin_folder, command_timeout_s=60.0, **more)  # type: ignore[arg-type]


def test_a_pyslurm_that_fits_is_chosen(folder: Path) -> None:
    chosen = choice(automatic(folder, pyslurm=folder))
    assert chosen.backend == "pyslurm"
    assert str(chosen.reason) == "pyslurm 22.5.3 fits Slurm 22.05.8"
    assert all(chosen.reason.in_language(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("laid", "words"),
    [
        ({"here": "24.11.5"}, "built for Slurm 22.05.8, here is 24.11.5"),
        ({"release": "23.11.1", "slurm": "23, 11", "here": "23.11.1"}, "the portal knows"),
    ],
)
def test_a_pyslurm_that_does_not_fit_is_passed_over(
    lay: Callable[..., Path], laid: dict[str, str], words: str
) -> None:
    folder = lay(**laid)
    settings = automatic(folder, pyslurm=folder)
    chosen = choice(settings)
    assert chosen.backend == "commands"
    assert words in str(chosen.reason)
    assert isinstance(open_scheduler(settings), CommandsScheduler)


def test_where_no_pyslurm_is_nothing_is_started(folder: Path) -> None:
    if find_spec("pyslurm") is not None:
        pytest.skip("a pyslurm is installed beside the portal")
    (folder / "bin" / "sbatch").unlink()
    chosen = choice(automatic(folder))
    assert chosen.backend == "commands"
    assert "no pyslurm" in str(chosen.reason)


@pytest.mark.parametrize("backend", ["commands", "pyslurm", "memory"])
def test_what_the_settings_say_is_done(backend: str, tmp_path: Path) -> None:
    settings = automatic(tmp_path, backend=backend)
    assert choice(settings).backend == backend
    assert backend in type(open_scheduler(settings)).__name__.lower()
