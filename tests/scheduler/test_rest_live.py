"""slurmrestd keeps the contract on a real cluster, and survives what happens to one."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import debian
from stage.releases import UNDER_TEST

from portal.scheduler import AccountStatus, Ambiguous, SubmittedArray, Unavailable
from portal.scheduler.rest import (
    Client,
    CommandSigner,
    KeySigner,
    RestScheduler,
    Tokens,
    Undisclosed,
)
from portal.scheduler.rest.client import Reply
from portal.scheduler.rest.faults import NoCommonVersion, TokenRefused
from portal.scheduler.rest.payload import table
from portal.scheduler.rest.tokens import Signer
from portal.scheduler.rest.versions import VERSIONS, Version, choose
from tests.scheduler.contract import SchedulerContract
from tests.scheduler.live import LiveWorld

pytestmark = pytest.mark.cluster

DOCUMENT = "/openapi/v3"
# What the embedded cluster's slurm.conf says and slurmrestd does not.
UNDISCLOSED = Undisclosed(
    enforce=("associations", "limits", "qos", "safe"), max_array_size=4001, min_job_age_s=300
)


def scheduler(
    live: LiveWorld,
    signer: Signer | None = None,
    *,
    url: str | None = None,
    timeout_s: float = 30.0,
    life_s: int = 600,
    user: str = "kesuan",
    api: str = "",
) -> RestScheduler:
    plan = live.cluster.plan
    tokens = Tokens(signer or KeySigner(plan.token_key), user, life_s)
    client = Serving(api, url or f"http://127.0.0.1:{plan.rest_port}", tokens, timeout_s)
    return RestScheduler(client, "kesuan", UNDISCLOSED)


class Serving(Client):
    """A slurmrestd as it would be if it served this version of its API alone; "" for all."""

    def __init__(self, api: str, url: str, tokens: Tokens, timeout_s: float) -> None:
        super().__init__(url, tokens, timeout_s)
        self.api = api

    def send(self, method: str, path: str, **what: Any) -> Reply:
        reply = super().send(method, path, **what)
        if path != DOCUMENT or not self.api:
            return reply
        there = table(table(reply.body).get("paths"))
        kept = {path: {} for path in there if f"/{self.api}/" in path}
        return replace(reply, body={"paths": kept})

    def agreed(self) -> Version:
        """What the portal speaks with it; `NoCommonVersion` if there is nothing."""
        return choose(self.send("GET", DOCUMENT).body)


def version_of(live: LiveWorld, api: str = "") -> Version:
    plan = live.cluster.plan
    tokens = Tokens(KeySigner(plan.token_key), "kesuan", 600)
    return Serving(api, f"http://127.0.0.1:{plan.rest_port}", tokens, 30.0).agreed()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On a Slurm of the matrix each version of the API by itself; else the one agreed on."""
    if "api" in metafunc.fixturenames:
        every = [version.name for version in VERSIONS]
        metafunc.parametrize("api", every if UNDER_TEST in os.environ else [""])


@pytest.fixture
def rest(live: LiveWorld) -> LiveWorld:
    return replace(live, scheduler=scheduler(live), staff=scheduler(live, user="root"))


@pytest.fixture
def rest_by(live: LiveWorld, api: str) -> LiveWorld:
    try:
        version_of(live, api)
    except NoCommonVersion:
        pytest.skip(f"this slurmrestd does not serve {api}")
    staff = scheduler(live, user="root", api=api)
    return replace(live, scheduler=scheduler(live, api=api), staff=staff)


class TestRest(SchedulerContract):
    @pytest.fixture
    def world(self, rest_by: LiveWorld) -> LiveWorld:
        return rest_by

    def test_history_tells_how_each_task_ended(self, world: LiveWorld, api: str) -> None:
        """As the contract has it, but for exit codes: 22.05's accounting says 0 for every job."""
        if version_of(world, api).tells_exit:
            super().test_history_tells_how_each_task_ended(world)
            return
        good, bad = world.request(2), world.request(1, exit_code=3)
        for request in (good, bad):
            self.run(world, request)
        names, since = [good.name, bad.name], world.now - 600
        world.until(lambda: len(world.scheduler.history(names, since)) == 3)
        told = {
            (status.name, status.task): (status.state.outcome, status.exit_code, status.gres)
            for status in world.scheduler.history(names, since)
        }
        assert told == {
            (good.name, 0): ("COMPLETED", 0, "gres/shard=1"),
            (good.name, 1): ("COMPLETED", 0, "gres/shard=1"),
            (bad.name, 0): ("FAILED", None, "gres/shard=1"),
        }


def test_a_job_gets_the_fixed_environment_and_its_share(rest: LiveWorld) -> None:
    request = rest.request()
    request.script.write_text("#!/bin/bash\nexec /usr/bin/env\n")
    rest.scheduler.submit(request)
    rest.until(lambda: any(s.state.ended for s in rest.scheduler.find(request.name)))
    printed = (request.workdir / "slurm-0.out").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in printed if "=" in line)
    assert variables["PATH"] == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert variables["LANG"] == "C.UTF-8"
    assert variables["SLURM_ARRAY_TASK_ID"] == "0"
    assert variables["SLURM_SHARDS_ON_NODE"] == "1"
    assert variables["CUDA_VISIBLE_DEVICES"]
    # As a step of its job it is signalled where it cannot be otherwise; see requests.as_step. Some
    # version after 24.11 gives the batch script a number as well, which is a large one.
    as_step = variables.get("SLURM_STEP_ID") == "0"
    assert as_step is not version_of(rest).signals_batch
    assert "TOKEN" not in " ".join(variables)
    assert "SLURM_JWT" not in variables


def test_the_way_by_commands_sees_the_same(rest: LiveWorld, live: LiveWorld) -> None:
    request = rest.request(3, hold=True)
    array = rest.scheduler.submit(request)
    ours, theirs = rest.scheduler.find(request.name), live.scheduler.find(request.name)
    assert sorted(ours, key=lambda s: s.task) == sorted(theirs, key=lambda s: s.task)
    assert rest.scheduler.nodes() == live.scheduler.nodes()
    assert _by_name(rest.scheduler.accounts()) == _by_name(live.scheduler.accounts())
    rest.scheduler.cancel(array)


def _by_name(accounts: list[AccountStatus]) -> dict[str, AccountStatus]:
    """Without the order of QOS, which is Slurm's own and not the same everywhere."""
    return {
        account.name: replace(
            account,
            qos=tuple(sorted(account.qos)),
            account_qos=tuple(sorted(account.account_qos)),
        )
        for account in accounts
    }


class Forger:
    """Signs with a key that Slurm does not know, until it is told to stop."""

    def __init__(self, wrong: Path, right: Path) -> None:
        self.wrong, self.right = wrong, right
        self.signed = 0
        self.honest_from = 10**9

    def sign(self, user: str, life_s: int, now: float) -> str:
        self.signed += 1
        key = self.right if self.signed >= self.honest_from else self.wrong
        return KeySigner(key).sign(user, life_s, now)


@pytest.fixture
def forger(live: LiveWorld, tmp_path: Path) -> Forger:
    wrong = tmp_path / "key"
    wrong.write_bytes(b"w" * 32)
    return Forger(wrong, live.cluster.plan.token_key)


def test_a_token_of_another_key_is_refused_in_clear_words(live: LiveWorld, forger: Forger) -> None:
    refused = scheduler(live, forger)
    request = live.request(hold=True)
    for ask in (refused.alive, refused.nodes, refused.accounts, refused.ping):
        with pytest.raises(TokenRefused, match="pass"):
            ask()
    with pytest.raises(TokenRefused):
        refused.submit(request)
    with pytest.raises(TokenRefused):
        refused.cancel(SubmittedArray(request.name, 1))
    assert live.scheduler.find(request.name) == []


def test_after_a_refusal_the_next_token_is_a_new_one(live: LiveWorld, forger: Forger) -> None:
    forger.honest_from = 2
    renewing = scheduler(live, forger)
    renewing.ping()
    assert forger.signed == 2
    renewing.ping()
    assert forger.signed == 2


class Expired:
    """Signs tokens that ended a minute ago, but for those from the second on."""

    def __init__(self, key: Path) -> None:
        self.signer, self.signed = KeySigner(key), 0

    def sign(self, user: str, life_s: int, now: float) -> str:
        self.signed += 1
        past = 0 if self.signed > 1 else life_s + 60
        return self.signer.sign(user, life_s, now - past)


def test_a_token_that_has_ended_is_renewed(live: LiveWorld) -> None:
    signer = Expired(live.cluster.plan.token_key)
    assert scheduler(live, signer).alive().complete
    assert signer.signed == 2


def test_a_command_mints_tokens_too(live: LiveWorld) -> None:
    words = ["scontrol", "token", "username={user}", "lifespan={seconds}"]
    command = ["/usr/bin/env", f"SLURM_CONF={live.cluster.slurm_conf}", *words]
    if live.cluster.plan.debian:
        command = debian.inside(live.cluster.plan.debian, command)
    scheduler(live, CommandSigner(command)).ping()


def test_without_slurmrestd_it_is_unavailable(rest: LiveWorld) -> None:
    rest.scheduler.ping()
    rest.cluster.signal("slurmrestd", signal.SIGKILL)
    try:
        for ask in (rest.scheduler.alive, rest.scheduler.ping, rest.scheduler.nodes):
            with pytest.raises(Unavailable) as silence:
                ask()
            assert not isinstance(silence.value, TokenRefused)
        with pytest.raises(Unavailable):
            rest.scheduler.submit(rest.request())
    finally:
        rest.cluster.up()
    rest.scheduler.ping()


def test_without_accounting_the_queue_is_still_seen(rest: LiveWorld) -> None:
    rest.cluster.signal("slurmdbd", signal.SIGKILL)
    try:
        assert rest.scheduler.alive().complete
        with pytest.raises(Unavailable) as silence:
            rest.scheduler.history(["a-name"], time.time() - 600)
        assert not isinstance(silence.value, TokenRefused)
    finally:
        rest.cluster.up()


def test_a_submission_into_a_paused_controller_is_ambiguous_and_found(rest: LiveWorld) -> None:
    """slurmctld gets the request and answers late: it must not be sent again."""
    hasty = scheduler(rest, timeout_s=2.0)
    hasty.ping()
    request = rest.request(1, hold=True)
    rest.cluster.signal("slurmctld", signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable):
            hasty.alive()
        with pytest.raises(Ambiguous):
            hasty.submit(request)
    finally:
        rest.cluster.signal("slurmctld", signal.SIGCONT)
    rest.until(lambda: len(rest.scheduler.find(request.name)) == 1)
    (status,) = rest.scheduler.find(request.name)
    rest.scheduler.cancel(SubmittedArray(request.name, status.job_id))


@pytest.fixture
def unix_socket(live: LiveWorld, tmp_path: Path) -> Iterator[str]:
    """A socket file that leads to the cluster's slurmrestd."""
    path = tmp_path / "socket"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    target = ("127.0.0.1", live.cluster.plan.rest_port)

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with near, socket.create_connection(target) as far:
                far.sendall(near.recv(65536))
                while part := far.recv(65536):
                    near.sendall(part)

    threading.Thread(target=serve, daemon=True).start()
    yield f"unix:{path}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_unix_socket_leads_there_too(live: LiveWorld, unix_socket: str) -> None:
    scheduler(live, url=unix_socket).ping()
