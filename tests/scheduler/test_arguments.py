"""What Slurm's commands are told: typed options, one argument each, and nothing of anybody's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.scheduler import ArrayRequest, Rejected
from portal.scheduler.checks import NAME
from portal.scheduler.commands import arguments

REQUEST = ArrayRequest(
    name="0b5f8a52-9c1e-4f4b-8a53-0d0c7b3f1d11",
    tasks=40,
    script=Path("/srv/kesuan/programs/ab/runtime/job.sh"),
    workdir=Path("/srv/kesuan/batches/0b5f"),
    output="slurm-%a.out",
    account="school1",
    cpus=1,
    memory_mb=2048,
    minutes=20,
    partition="class",
    gres="shard:1",
    signal_before_s=60,
)


def test_a_submission_in_full() -> None:
    assert arguments.submission(REQUEST) == [
        "--parsable",
        "--no-requeue",
        "--job-name=0b5f8a52-9c1e-4f4b-8a53-0d0c7b3f1d11",
        "--array=0-39",
        "--chdir=/srv/kesuan/batches/0b5f",
        "--output=slurm-%a.out",
        "--input=/dev/null",
        "--export=ALL",
        "--propagate=NONE",
        "--account=school1",
        "--partition=class",
        "--gres=shard:1",
        "--nodes=1",
        "--ntasks=1",
        "--cpus-per-task=1",
        "--mem=2048M",
        "--time=20",
        "--signal=B:USR1@60",
        "/srv/kesuan/programs/ab/runtime/job.sh",
    ]


def test_what_is_optional() -> None:
    request = replace(
        REQUEST, qos="class", reservation="lesson_7", concurrent=16, hold=True, signal_before_s=0
    )
    told = arguments.submission(request)
    assert {"--qos=class", "--reservation=lesson_7", "--array=0-39%16", "--hold"} <= set(told)
    assert not any(word.startswith("--signal") for word in told)


@pytest.mark.parametrize(
    "changes",
    [
        {"workdir": Path("relative")},
        {"workdir": Path("/a\n/b")},
        {"workdir": Path("/a%j")},
        {"script": Path("job.sh")},
        {"output": "../../etc/passwd"},
        {"output": "/etc/passwd"},
        {"signal_before_s": -1},
        {"signal_before_s": 70_000},
        {"concurrent": 0},
    ],
)
def test_values_that_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Rejected) as refusal:
        arguments.submission(replace(REQUEST, **changes))  # type: ignore[arg-type]
    assert next(iter(changes)) in refusal.value.words


@given(
    key=st.sampled_from(["name", "account", "partition", "qos", "reservation", "gres", "output"]),
    value=st.text(max_size=80),
)
def test_a_word_is_refused_or_stays_one_argument(key: str, value: str) -> None:
    try:
        told = arguments.submission(replace(REQUEST, **{key: value}))  # type: ignore[arg-type]
    except Rejected:
        return
    assert value.isascii()
    assert not set(value) & set(" \n\t\0\"'`$;&|<>()\\*?[]{}#!~")
    option = "job-name" if key == "name" else key
    assert f"--{option}={value}" in told
    assert all(word.startswith("--") for word in told[:-1])


@given(st.text(max_size=70))
def test_a_name_is_ours_or_refused(name: str) -> None:
    try:
        assert arguments.queue("kesuan", name)
    except Rejected:
        assert not NAME.fullmatch(name)


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        (None, "12"),
        ([3], "12_[3]"),
        ([2, 1, 0, 7], "12_[0-2,7]"),
        ([5, 5, 6], "12_[5-6]"),
    ],
)
def test_tasks_of_an_array(tasks: list[int] | None, words: str) -> None:
    assert arguments.chosen(12, tasks) == words


def test_history_asks_by_name_and_moment() -> None:
    told = arguments.history("kesuan", ["b-2", "a-1"], 1795298277.9)
    assert "--name=a-1,b-2" in told
    assert "--starttime=uts1795298277" in told
    with pytest.raises(Rejected):
        arguments.history("kesuan", ["a-1,b 2"], 0)
