"""slurmrestd without one: what is sent, what is read, and what its silences mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.scheduler import (
    Ambiguous,
    ArrayRequest,
    Limit,
    NotPermitted,
    Preemption,
    Rejected,
    SchedulerError,
    SubmittedArray,
    Unavailable,
)
from portal.scheduler.rest import RestScheduler, Undisclosed, complaints, requests, sites, tasks
from portal.scheduler.rest.client import Reply
from portal.scheduler.rest.faults import TokenRefused
from portal.scheduler.rest.versions import VERSIONS, Version, choose

PAYLOADS = Path(__file__).parent / "payloads"
SLURMS = ("22.05", "24.11", "26.05")
OLD = next(version for version in VERSIONS if version.name == "v0.0.38")
NEW = next(version for version in VERSIONS if version.name == "v0.0.42")
NEWEST = VERSIONS[0]


def recorded(name: str, slurm: str = "22.05") -> Reply:
    kept = json.loads((PAYLOADS / f"slurm-{slurm}-rest" / f"{name}.json").read_text())
    return Reply(kept["status"], kept["body"], "token")


def request(**changes: Any) -> ArrayRequest:
    plain: dict[str, Any] = {
        "name": "a-batch",
        "tasks": 3,
        "script": Path("/shared/job.sh"),
        "workdir": Path("/shared/batch"),
        "output": "slurm-%a.out",
        "account": "school1",
        "cpus": 2,
        "memory_mb": 2048,
        "minutes": 20,
        "gres": "shard:1",
    }
    return ArrayRequest(**(plain | changes))


# Which version.


def document(*names: str) -> dict[str, Any]:
    paths = [p for n in names for p in (f"/slurm/{n}/jobs", f"/slurmdb/{n}/jobs")]
    return {"paths": {path: {} for path in paths}}


@pytest.mark.parametrize("slurm", SLURMS)
def test_a_real_controller_is_up_for_a_token_that_it_takes(slurm: str) -> None:
    assert sites.is_up(recorded("ping", slurm).body)
    assert not sites.is_up(recorded("stranger-ping", slurm).body)


def test_a_real_slurm_conf() -> None:
    site = sites.configured(recorded("ping", "26.05").body, recorded("conf", "26.05").body)
    assert site.version.startswith("26.05.")
    assert site.controllers_up
    assert {"gres/gpu", "gres/shard"} <= set(site.tres)
    assert site.enforce == ("associations", "limits", "qos", "safe")
    assert site.gres_types == ("gpu", "shard")
    assert (site.min_job_age_s, site.message_timeout_s, site.max_array_size) == (300, 10, 4001)
    assert site.scheduler_parameters
    assert "defer" in site.scheduler_parameters
    assert site.preemption == Preemption("", ("DISABLED",), 0)
    with pytest.raises(Unavailable):
        sites.configured(recorded("ping", "26.05").body, {})


def test_a_real_server_gets_what_it_speaks_best() -> None:
    assert choose(recorded("openapi", "26.05").body).name == NEWEST.name
    assert choose(recorded("openapi", "22.05").body) == OLD
    assert choose(recorded("openapi", "24.11").body) == NEW


@pytest.mark.parametrize(
    ("served", "agreed"),
    [
        (("v0.0.36", "v0.0.37", "v0.0.38"), "v0.0.38"),
        (("v0.0.38", "v0.0.39", "v0.0.40"), "v0.0.40"),
        (("v0.0.40", "v0.0.41", "v0.0.42"), "v0.0.42"),
        (("v0.0.42", "v0.0.99"), "v0.0.42"),
    ],
)
def test_the_newest_that_both_speak_is_agreed_on(served: tuple[str, ...], agreed: str) -> None:
    assert choose(document(*served)).name == agreed


@pytest.mark.parametrize("found", [None, {}, [], {"paths": []}, document("v0.0.99")])
def test_where_none_is_shared_that_is_said(found: object) -> None:
    with pytest.raises(Unavailable, match=r"the portal speaks v0\.0\."):
        choose(found)


def test_half_a_version_is_none() -> None:
    with pytest.raises(Unavailable):
        choose({"paths": {"/slurm/v0.0.38/jobs": {}}})


# What is sent.


def test_a_request_to_22_05() -> None:
    body = requests.submission(request(hold=True, concurrent=2), "#!/bin/bash\ntrue\n", OLD)
    assert body["job"] == {
        "name": "a-batch",
        "array": "0-2%2",
        "current_working_directory": "/shared/batch",
        "standard_output": "slurm-%a.out",
        "standard_input": "/dev/null",
        "account": "school1",
        "gres": "shard:1",
        "nodes": "1",
        "tasks": 1,
        "cpus_per_task": 2,
        "requeue": False,
        "hold": True,
        "memory_per_node": 2048,
        "time_limit": 20,
        "environment": dict(requests.ENVIRONMENT),
    }
    first, second, *rest = body["script"].splitlines()
    assert first == "#!/bin/bash"
    assert second.startswith('[ -n "${SLURM_STEP_ID-}" ] || exec srun ')
    assert rest == ["true"]


def test_a_request_to_later_ones() -> None:
    body = requests.submission(request(signal_before_s=60), "#!/bin/bash\ntrue\n", NEW)
    job = body["job"]
    assert body["script"] == "#!/bin/bash\ntrue\n"
    assert job["tres_per_node"] == "gres/shard:1"
    assert "gres" not in job
    assert job["time_limit"] == {"set": True, "infinite": False, "number": 20}
    assert job["environment"] == [f"{k}={v}" for k, v in requests.ENVIRONMENT.items()]
    assert job["kill_warning_flags"] == ["BATCH_JOB"]


@given(st.text(max_size=40), st.sampled_from(VERSIONS))
def test_nothing_that_is_asked_for_reaches_the_script(word: str, version: Version) -> None:
    """Or the request is refused: no value of it is in the script's text."""
    plain = requests.submission(request(), "#!/bin/bash\nexec true\n", version)
    try:
        body = requests.submission(request(account=word), "#!/bin/bash\nexec true\n", version)
    except Rejected:
        return
    assert body["script"] == plain["script"]
    assert body["job"] == plain["job"] | {"account": word}


def test_a_script_of_another_language_is_no_step() -> None:
    with pytest.raises(Rejected):
        requests.submission(request(), "#!/usr/bin/python3\n", OLD)


# What is read, from a real server.


@pytest.mark.parametrize("slurm", SLURMS)
def test_a_real_queue(slurm: str) -> None:
    body = recorded("jobs", slurm).body
    assert isinstance(body, dict)
    found = tasks.queue(body["jobs"], "kesuan")
    assert found.unreadable == ()
    states = {(s.name, s.task): (s.state.base, s.exit_code, s.gres) for s in found.tasks}
    share = "gres/shard=1"
    assert states["rest-good", 0] == ("COMPLETED", 0, share)
    assert states["rest-exit-three", 1] == ("FAILED", 3, share)
    assert states["rest-cancelled", 0] == ("RUNNING", None, share)
    assert states["rest-cancelled", 1][0] == "CANCELLED"
    assert states["rest-held", 0] == states["rest-held", 1] == ("PENDING", None, share)
    limited = [states["rest-limited", task][0] for task in range(6)]
    assert limited == ["RUNNING"] * 4 + ["PENDING"] * 2
    assert {s.reason for s in found.tasks if s.name == "rest-held"} == {"JobHeldUser"}
    assert tasks.queue(body["jobs"], "somebody").tasks == ()


@pytest.mark.parametrize(
    ("slurm", "version", "code"),
    [("22.05", OLD, None), ("24.11", NEW, 3), ("26.05", NEWEST, 3)],
)
def test_a_real_history(slurm: str, version: Version, code: int | None) -> None:
    """22.05 says of every job that it exited with 0, so there the code of a failure is unknown."""
    body = recorded("history", slurm).body
    assert isinstance(body, dict)
    found = tasks.history(body["jobs"], "kesuan", version)
    told = {(s.name, s.task): (s.state.base, s.exit_code) for s in found.tasks}
    assert found.unreadable == ()
    assert told["rest-good", 1] == ("COMPLETED", 0)
    assert told["rest-exit-three", 0] == ("FAILED", code)
    assert told["rest-cancelled", 1][0] == "CANCELLED"
    # Those that wait stand in one record, as a number whose bits they are.
    assert [told["rest-limited", task][0] for task in (4, 5)] == ["PENDING"] * 2


@pytest.mark.parametrize("slurm", SLURMS)
def test_real_nodes_and_accounts(slurm: str) -> None:
    body, known = recorded("nodes", slurm).body, recorded("associations", slurm).body
    clusters = recorded("clusters", slurm).body
    assert isinstance(body, dict)
    assert isinstance(known, dict)
    assert isinstance(clusters, dict)
    cluster = sites.cluster(clusters["clusters"], None)
    found = sites.nodes(body["nodes"])
    first = found[0]
    assert [(g.name, g.type, g.total) for g in first.gres] == [
        ("gpu", "demo", 2),
        ("shard", "demo", 16),
    ]
    # One still runs of the two that were to be cancelled, and four of the school with a limit.
    assert sum(g.used for n in found for g in n.gres if g.name == "shard") == 5
    assert first.state.usable
    assert first.state.base == "MIXED"
    accounts = {a.name: a for a in sites.accounts(known["associations"], [], "kesuan", cluster)}
    assert accounts["school2"].limits == {Limit("GrpTRES", "gres/shard"): 4}
    assert accounts["school2"].allowed
    assert not accounts["root"].allowed
    assert sites.accounts(known["associations"], [], "kesuan", "another") == []


@pytest.mark.parametrize("slurm", SLURMS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("refused-account", NotPermitted),
        ("refused-partition", NotPermitted),
        ("refused-qos", NotPermitted),
        ("refused-reservation", NotPermitted),
        ("refused-gres-unknown", Rejected),
        ("refused-gres-too-many", Rejected),
        ("refused-memory", Rejected),
        ("refused-array", Rejected),
    ],
)
def test_real_refusals(slurm: str, name: str, kind: type[SchedulerError]) -> None:
    error = complaints.of_submission(recorded(name, slurm))
    assert type(error) is kind
    assert error.words


@pytest.mark.parametrize("slurm", SLURMS)
def test_a_job_that_is_gone_is_cancelled_already(slurm: str) -> None:
    assert complaints.of_order(recorded("cancel-absent", slurm)) is None


@pytest.mark.parametrize("slurm", SLURMS)
def test_one_daemon_names_a_token_that_it_does_not_take(slurm: str) -> None:
    """Up to 24.11 slurmdbd does, in 26.05 slurmctld; what the other says may mean it."""
    for name in ("resources", "associations", "clusters"):
        reply = recorded(f"stranger-{name}", slurm)
        assert complaints.may_be_the_token(reply)
        assert complaints.names_the_token(reply) is (slurm != "26.05")
    assert complaints.names_the_token(recorded("stranger-nodes", "26.05"))
    assert complaints.is_slurmdbd_silent(recorded("stranger-resources", "26.05"))
    assert complaints.may_be_the_token(recorded("stranger-submission", slurm))
    assert complaints.may_be_the_token(recorded("stranger-nodes", slurm))


def test_nothing_found_is_an_answer_and_an_error_is_none() -> None:
    assert complaints.is_answer(recorded("history-absent"))
    assert not complaints.is_answer(recorded("stranger-resources"))
    assert complaints.names_the_token(recorded("stranger-resources"))


# Numbers of tasks.


def job(**changes: Any) -> dict[str, Any]:
    plain = {
        "name": "a-batch",
        "user_name": "kesuan",
        "job_id": 7,
        "array_job_id": 7,
        "array_task_id": None,
        "array_task_string": "",
        "job_state": "PENDING",
    }
    return plain | changes


@pytest.mark.parametrize(
    ("listed", "found"),
    [("0-3", [0, 1, 2, 3]), ("1,4-5%2", [1, 4, 5]), ("0-8:4", [0, 4, 8]), ("3", [3])],
)
def test_waiting_tasks_are_taken_apart(listed: str, found: list[int]) -> None:
    read = tasks.queue([job(array_task_string=listed)], "kesuan")
    assert [status.task for status in read.tasks] == found


@pytest.mark.parametrize("listed", ["0-3,5-...", "x", "3-1", "0-99999999", "-", "٣"])
def test_a_list_of_tasks_that_was_cut_short_is_not_half_believed(listed: str) -> None:
    read = tasks.queue([job(array_task_string=listed), job(name="b", array_task_id=1)], "kesuan")
    assert [status.name for status in read.tasks] == ["b"]
    assert len(read.unreadable) == 1


def test_the_shape_of_later_versions() -> None:
    def some(value: int) -> dict[str, Any]:
        return {"set": True, "infinite": False, "number": value}

    record = job(
        array_task_id=some(4),
        array_job_id=some(7),
        job_state=["FAILED"],
        nodes="g1",
        exit_code={"status": ["ERROR"], "return_code": some(3), "signal": {"id": some(0)}},
        start_time=some(1_700_000_000),
        end_time=some(1_700_000_009),
        submit_time={"set": False, "infinite": False, "number": 0},
    )
    (status,) = tasks.queue([record], "kesuan").tasks
    assert (status.task, status.state.base, status.exit_code) == (4, "FAILED", 3)
    assert (status.started, status.ended, status.submitted) == (1_700_000_000, 1_700_000_009, None)
    assert status.exit_signal is None


# What may come back instead of an answer.


class Canned:
    """A client whose server answers what it is told to, whatever the question."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.renewed = 0

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        return recorded("openapi") if path == "/openapi/v3" else self.reply

    def renew(self, reply: Reply) -> None:
        self.renewed += 1


def scheduler(reply: Reply) -> RestScheduler:
    return RestScheduler(Canned(reply), "kesuan", Undisclosed())  # type: ignore[arg-type]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def answers(draw: st.DrawFn) -> Any:
    """A real answer in which anything may stand in the place of any value."""
    name = draw(st.sampled_from(["jobs", "history", "nodes", "associations", "clusters", "ping"]))

    def twisted(value: Any, depth: int = 0) -> Any:
        if draw(st.integers(0, 40)) == 0:
            return draw(anything)
        if isinstance(value, dict) and depth < 5:
            chosen = list(value.items())[:60]
            return {key: twisted(inner, depth + 1) for key, inner in chosen}
        if isinstance(value, list):
            return [twisted(inner, depth + 1) for inner in value[:2]]
        return value

    return twisted(recorded(name).body)


def ask_everything(asked: RestScheduler, tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/bash\n")
    array = SubmittedArray("rest-good", 1)
    for question in (
        lambda: asked.alive(),
        lambda: asked.find("rest-good"),
        lambda: asked.history(["rest-good"], 0),
        lambda: asked.nodes(),
        lambda: asked.accounts(),
        lambda: asked.site(),
        lambda: asked.version(),
        lambda: asked.ping(),
        lambda: asked.cancel(array, [0]),
        lambda: asked.signal(array),
        lambda: asked.submit(request(script=script)),
    ):
        try:
            question()
        except SchedulerError as error:
            assert str(error)  # noqa: PT017, any other error is the failure looked for


@settings(max_examples=60, deadline=None)
@given(body=answers() | anything, status=st.sampled_from([200, 200, 200, 400, 401, 404, 500]))
def test_no_answer_is_a_crash(
    tmp_path_factory: pytest.TempPathFactory, body: Any, status: int
) -> None:
    ask_everything(scheduler(Reply(status, body, "t")), tmp_path_factory.getbasetemp())


def test_an_error_page_is_no_empty_queue() -> None:
    for body in (None, {}, [], {"jobs": None}, {"jobs": [], "errors": [{"error_number": -1}]}):
        with pytest.raises(Unavailable):
            scheduler(Reply(200, body, "t")).alive()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, None),
        (200, {"errors": []}),
        (200, {"job_id": 0}),
        (500, None),
        (502, None),
        (500, {"errors": [{"error_code": 5004, "error": "Socket timed out"}]}),
        (500, {"errors": [{"error_code": 2027, "error": "in standby mode"}]}),
        (500, {"errors": [{"error_code": 99999}, {"error_code": 2066}]}),
    ],
)
def test_a_submission_without_a_clear_answer_is_ambiguous(
    tmp_path: Path, status: int, body: object
) -> None:
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/bash\n")
    with pytest.raises(SchedulerError) as outcome:
        scheduler(Reply(status, body, "t")).submit(request(script=script))
    named = body is not None and "99999" in json.dumps(body)
    assert type(outcome.value) is (NotPermitted if named else Ambiguous)


def test_a_controller_that_was_not_reached_has_taken_nothing(tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/bash\n")
    body = {"errors": [{"error_code": 1800, "error": "Unable to contact slurm controller"}]}
    with pytest.raises(Unavailable):
        scheduler(Reply(500, body, "t")).submit(request(script=script))


def test_a_refused_token_is_said_and_renewed(tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/bash\n")
    refused = scheduler(recorded("stranger-resources"))
    for ask in (refused.alive, refused.ping, lambda: refused.submit(request(script=script))):
        with pytest.raises(TokenRefused):
            ask()
    assert refused._client.renewed == 5  # type: ignore[attr-defined]
