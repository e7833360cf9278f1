"""A whole small lesson by every way to Slurm, with what goes wrong on that way in the middle."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from stage import processes, school, services
from stage.client import Portal

from tests.lesson import ways
from tests.lesson.day import ALIVE, Day, taking_part
from tests.scheduler.test_pyslurm_live import pyslurm_folder

if TYPE_CHECKING:
    from tests.conftest import Cluster

__all__ = ["pyslurm_folder"]

pytestmark = pytest.mark.cluster

T = TypeVar("T")

SEATS = 6
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Lesson:
    """A lesson in which six seats train until they are told to stop."""

    day: Day
    cluster: Cluster
    id: str

    def seats(self) -> list[dict[str, Any]]:
        return taking_part(self.day.lesson(self.id))

    def until(self, **counts: int) -> dict[str, Any]:
        """The lesson once so many seats are in these states."""
        return self.day.until(
            self.id,
            lambda now: all(now["counts"][state] == wanted for state, wanted in counts.items()),
            PATIENCE_S,
        )


def test_a_lesson_by_the_commands(day: Day, cluster: Cluster) -> None:
    with ways.way(day, 'backend = "commands"'):
        _whole_lesson(day, cluster, _controller_stands_still)


def test_a_lesson_by_slurmrestd(day: Day, cluster: Cluster) -> None:
    mint = ways.Mint(day.site.folder / "mint", cluster)
    lines = [
        'backend = "rest"',
        f'rest_url = "http://127.0.0.1:{cluster.plan.rest_port}"',
        f"rest_token_command = {json.dumps(mint.command)}",
        'rest_enforce = ["associations", "limits", "qos", "safe"]',
        "rest_max_array_size = 4001",
    ]
    # Outside the cluster: no program of Slurm's is found, and nothing leads to a slurm.conf.
    with ways.way(day, *lines, path=str(services.PYTHON_BIN)):
        _whole_lesson(day, cluster, lambda lesson: _slurmrestd_suffers(lesson, mint))
    assert mint.minted > 3


def test_a_lesson_by_pyslurm(day: Day, cluster: Cluster, pyslurm_folder: str) -> None:
    with ways.way(day, 'backend = "pyslurm"', f"pyslurm = {json.dumps(pyslurm_folder)}"):
        _whole_lesson(day, cluster, _pyslurm_is_killed)


def _whole_lesson(day: Day, cluster: Cluster, trouble: Callable[[Lesson], None]) -> None:
    """Launch, follow, stop one, let one finish, see one fail; the bell; read what came out."""
    started = day.launch("counting", "penguins", seats=range(1, SEATS + 1), seconds=300)
    alone = day.teacher.post(
        "/runs",
        {"template": "counting", "data": "penguins", "parameters": {"stumble": True}},
    )
    lesson = Lesson(day, cluster, started["id"])
    lesson.until(running=SEATS)
    failed = _ended(day, alone["id"])
    assert (failed["state"], failed["reason"]["code"]) == ("failed", "program-error")
    stopped, finished, *rest = lesson.seats()
    day.teacher.post(f"/runs/{stopped['run']}/cancel")
    day.teacher.post(f"/runs/{finished['run']}/finish")
    seen = lesson.until(cancelled=1, succeeded=1, running=SEATS - 2)
    assert _by_run(seen)[stopped["run"]]["state"] == "cancelled"
    assert _by_run(seen)[finished["run"]]["state"] == "succeeded"
    trouble(lesson)
    lesson.until(running=SEATS - 2)
    day.teacher.post(f"/lessons/{lesson.id}/finish")
    seen = day.ended(lesson.id)
    assert seen["counts"]["succeeded"] == SEATS - 1
    for seat in (finished, *rest):
        names = {item["name"] for item in _artifacts(day, seat["run"])}
        assert {"model.onnx", "report.html", "labels.json"} <= names
    assert day.teacher.get(f"/runs/{rest[0]['run']}/metrics")["points"]
    found = day.records(seen)
    assert Counter(record.state for record in found) == {"COMPLETED": SEATS - 1, "CANCELLED": 1}
    claims = day.claims(seen)
    assert len({job for jobs in claims.values() for job in jobs}) == SEATS
    assert all(len(jobs) == 1 for jobs in claims.values())


def _controller_stands_still(lesson: Lesson) -> None:
    """slurmctld is stopped: pages go on, what a teacher presses waits, and is done afterwards."""
    with _stopped(lesson.cluster, "slurmctld"):
        words = _staff_reads(lesson.day, "in time", "no end within", "timed out", "Timeout")
        assert "\n" not in words
        _agent_goes_round(lesson.day)
        assert lesson.day.lesson(lesson.id)["counts"]["running"] == SEATS - 2
    _answers_again(lesson.day)


def _slurmrestd_suffers(lesson: Lesson, mint: ways.Mint) -> None:
    """Killed, hanging, and turning tokens down; each is one line for staff, and passes."""
    mapped = ways.mapped(ways.agent(lesson.day))
    assert not [name for name in mapped if name.startswith(("libslurm", "libmunge"))]
    lesson.cluster.signal("slurmrestd", signal.SIGKILL)
    assert "refused" in _staff_reads(lesson.day, "refused")
    assert lesson.day.lesson(lesson.id)["counts"]["running"] == SEATS - 2
    lesson.cluster.up()
    _answers_again(lesson.day)
    with _stopped(lesson.cluster, "slurmrestd"):
        _staff_reads(lesson.day, "Timeout")
        _agent_goes_round(lesson.day)
    _answers_again(lesson.day)
    mint.forge()
    words = _staff_reads(lesson.day, "token")
    assert "\n" not in words
    assert "eyJ" not in words
    assert lesson.day.lesson(lesson.id)["counts"]["running"] == SEATS - 2
    mint.honest()
    _answers_again(lesson.day)


def _pyslurm_is_killed(lesson: Lesson) -> None:
    """The worker is killed and comes back; then the controller stands still."""
    (before,) = ways.workers(lesson.day)
    processes.send(before, signal.SIGKILL)
    _until(lambda: [one.pid for one in ways.workers(lesson.day)] not in ([], [before.pid]))
    _answers_again(lesson.day)
    _controller_stands_still(lesson)


@contextmanager
def _stopped(cluster: Cluster, daemon: str) -> Iterator[None]:
    cluster.signal(daemon, signal.SIGSTOP)
    try:
        yield
    finally:
        cluster.signal(daemon, signal.SIGCONT)


def _staff_reads(day: Day, *wanted: str) -> str:
    """Why Slurm does not answer, as the staff's page says it, once it says one of these words."""
    staff = _staff(day)

    def told() -> str:
        said = staff.get("/cluster")["slurm_error"] or ""
        return str(said) if any(word in said for word in wanted) else ""

    return _until(told)


def _answers_again(day: Day) -> None:
    staff, since = _staff(day), time.time()

    def answered() -> bool:
        seen = staff.get("/cluster")
        return seen["slurm_error"] is None and seen["slurm_answered_at"] > since

    _until(answered)


def _agent_goes_round(day: Day) -> None:
    """Two rounds that got no answer follow each other: no question holds the agent for ever."""
    log = services.log_of(day.site, "agent")
    before = log.read_text().count("Slurm does not answer")
    _until(lambda: log.read_text().count("Slurm does not answer") >= before + 2)


def _staff(day: Day) -> Portal:
    account = day.accounts[school.STAFF]
    return Portal(day.site.address).log_in(account.login, account.password)


def _ended(day: Day, run: str) -> dict[str, Any]:
    def seen() -> dict[str, Any]:
        found = day.teacher.get(f"/runs/{run}")
        return found if found["state"] not in ALIVE else {}

    return _until(seen)


def _until(look: Callable[[], T]) -> T:
    """What `look` finds, once that is something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"it did not come to that within {PATIENCE_S} s")
        time.sleep(0.1)
    return found


def _by_run(lesson: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {seat["run"]: seat for seat in taking_part(lesson)}


def _artifacts(day: Day, run: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = day.teacher.get(f"/runs/{run}/artifacts")["items"]
    return items
