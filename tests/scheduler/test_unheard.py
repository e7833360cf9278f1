"""A state that nobody has heard of shows as "checking", by whichever way it comes."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from portal.scheduler import Phase, TaskStatus, parse_state
from portal.scheduler.commands import parsers
from portal.scheduler.pyslurm import records
from portal.scheduler.pyslurm.wire import TASK_FIELDS
from portal.scheduler.rest import tasks
from portal.scheduler.rest.versions import VERSIONS

NAME = "lesson-1"


def by_squeue(state: str) -> tuple[TaskStatus, ...]:
    return parsers.queue(f"7|3|{state}|None|g1|school1|100|100|110|400|0|||{NAME}").tasks


def by_sacct(state: str) -> tuple[TaskStatus, ...]:
    return parsers.history(f"7_3|10|{state}|None|g1|school1|100|100|110|400|0:0|||{NAME}").tasks


def by_pyslurm(state: str) -> tuple[TaskStatus, ...]:
    job: dict[str, Any] = dict.fromkeys(TASK_FIELDS) | {
        "id": 7,
        "name": NAME,
        "array_id": 7,
        "array_task_id": 3,
        "state": state,
    }
    return records.queue({"tasks": [list(job.values())], "unreadable": []}).tasks


def by_rest(state: str) -> tuple[TaskStatus, ...]:
    job = {
        "name": NAME,
        "user_name": "kesuan",
        "job_id": 10,
        "array_job_id": {"set": True, "number": 7},
        "array_task_id": {"set": True, "number": 3},
        "job_state": state.split(","),
    }
    return tasks.queue([job], "kesuan").tasks


def by_rest_history(state: str) -> tuple[TaskStatus, ...]:
    job = {
        "name": NAME,
        "association": {"user": "kesuan"},
        "user": "kesuan",
        "job_id": 10,
        "array": {"job_id": 7, "task_id": {"set": True, "number": 3}},
        "state": {"current": state.split(",")},
    }
    return tasks.history([job], "kesuan", VERSIONS[0]).tasks


@pytest.mark.parametrize("way", [by_squeue, by_sacct, by_pyslurm, by_rest, by_rest_history])
@pytest.mark.parametrize("state", ["ENTANGLED", "RUNNING,ENTANGLED", "COMPLETED,ENTANGLED"])
def test_it_is_checking_and_never_an_end(way: Any, state: str) -> None:
    (status,) = way(state)
    assert (status.name, status.job_id, status.task) == (NAME, 7, 3)
    assert status.state.phase is Phase.UNKNOWN
    assert status.state.unknown
    assert not status.state.ended
    assert not status.state.live
    assert status.ended is None
    assert status.exit_code is None


def test_the_log_says_it_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            parse_state("RUNNING,DISINTEGRATING")
            parse_state("RUNNING,COMPLETING")
    assert [record.__dict__["state"] for record in caplog.records] == ["DISINTEGRATING"]
