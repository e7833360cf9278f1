"""Directory servers that are away, slow, not who they say they are, or lie."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import processes, slapd
from stage.liar import CHUNK_MOST, LIES, Liar
from stage.slapd import Directory

from portal.config import Ldap
from portal.errors import Unavailable
from portal.people.login import LoginRefused
from portal.people.login.ldap import LdapWay
from portal.people.login.ldap.servers import Servers
from portal.people.login.ldap.wire import MOST_BYTES, Allowance, ServerFailed
from tests import directories
from tests.conftest import NAME
from tests.directories import TABLE, start

GONE = "ldaps://localhost:1"  # nobody listens there
# What a lie comes to: for these the portal cannot tell it from an honest "no such person".
PLAUSIBLE = {"a reference elsewhere", "another's entry"}


def settings_for(directory: Directory, **changes: Any) -> Ldap:
    """Patient for a second or two: most servers here say nothing for as long as one waits."""
    hurry = {"connect_s": 1.0, "receive_s": 1, "login_s": 2.0}
    return directories.settings_for(directory, **{**hurry, **changes})


@pytest.fixture
def stopped(directory: Directory) -> Iterator[Directory]:
    """A second server that takes connections and says nothing."""
    made = start(f"{NAME}stopped")
    (process,) = slapd.belonging(made.name)
    processes.send(process, signal.SIGSTOP)
    yield made
    slapd.down(made.name)


def test_a_server_that_is_gone_is_passed_over_and_then_asked_last(
    directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    way = LdapWay(settings_for(directory, servers=[GONE, directory.tls_url]), TABLE)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert way.prove("li", directory.passwords["li"]).login == "li"
    failed = [record for record in caplog.records if getattr(record, "server", "") == GONE]
    assert len(failed) == 1


def test_a_server_that_says_nothing_is_passed_over(
    directory: Directory, stopped: Directory
) -> None:
    servers = [stopped.url, directory.tls_url]
    settings = settings_for(directory, servers=servers, start_tls=False, login_s=3.0)
    assert LdapWay(settings, TABLE).prove("li", directory.passwords["li"]).login == "li"


def test_nothing_but_silence_is_away_and_the_server_is_taken_up_again(
    directory: Directory, stopped: Directory
) -> None:
    settings = settings_for(
        stopped, servers=[stopped.tls_url], ca_file=stopped.ca_file, rest_s=60.0
    )
    way = LdapWay(settings, TABLE)
    with pytest.raises(Unavailable):
        way.prove("li", stopped.passwords["li"])
    (process,) = slapd.belonging(stopped.name)
    processes.send(process, signal.SIGCONT)
    assert way.prove("li", stopped.passwords["li"]).login == "li"


def test_a_certificate_of_another_authority_is_refused(
    directory: Directory, foreign_ca: Path
) -> None:
    for servers in ([directory.tls_url], [directory.url]):
        settings = settings_for(directory, servers=servers, ca_file=foreign_ca)
        with pytest.raises(Unavailable):
            LdapWay(settings, TABLE).prove("li", directory.passwords["li"])


def test_a_certificate_for_another_name_is_refused(directory: Directory) -> None:
    # The same address by a name that the certificate does not have.
    for servers in ([f"ldaps://127.1:{directory.tls_port}"], [f"ldap://127.1:{directory.port}"]):
        settings = settings_for(directory, servers=servers)
        with pytest.raises(Unavailable):
            LdapWay(settings, TABLE).prove("li", directory.passwords["li"])


def test_nothing_secret_is_said_to_a_server_that_refuses_tls(directory: Directory) -> None:
    with Liar("garbage") as liar:
        settings = settings_for(directory, servers=[liar.url])
        with pytest.raises(Unavailable):
            LdapWay(settings, TABLE).prove("li", "a-secret-password")
    assert b"1.3.6.1.4.1.1466.20037" in liar.heard
    assert b"a-secret-password" not in liar.heard
    assert directory.password_file.read_bytes() not in liar.heard


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_opens_no_door_and_takes_a_bounded_answer(directory: Directory, lie: str) -> None:
    with Liar(lie) as liar:
        settings = settings_for(directory, servers=[liar.url], start_tls=False)
        with pytest.raises((LoginRefused, Unavailable)) as caught:
            LdapWay(settings, TABLE).prove("li", "whatever")
        assert isinstance(caught.value, LoginRefused) is (lie in PLAUSIBLE)
        # What was on its way in the sockets' buffers was sent, and not taken.
        assert liar.sent <= MOST_BYTES + CHUNK_MOST


@pytest.mark.parametrize("lie", sorted(set(LIES) - PLAUSIBLE))
def test_behind_a_server_that_lies_the_honest_one_is_asked(directory: Directory, lie: str) -> None:
    with Liar(lie) as liar:
        servers = [liar.url, directory.tls_url]
        settings = settings_for(directory, servers=servers, start_tls=False)
        found = LdapWay(settings, TABLE).prove("li", directory.passwords["li"])
    assert found.login == "li"


@pytest.mark.parametrize("lie", ["a referral", "a reference elsewhere"])
def test_referrals_are_not_followed(directory: Directory, lie: str) -> None:
    with Liar("garbage") as elsewhere, Liar(lie, elsewhere=f"{elsewhere.url}/") as liar:
        settings = settings_for(directory, servers=[liar.url], start_tls=False)
        with pytest.raises((LoginRefused, Unavailable)):
            LdapWay(settings, TABLE).prove("li", "whatever")
        assert liar.heard
    assert not elsewhere.heard


def test_a_wrong_password_of_the_searching_account_is_no_ones_fault_but_ours(
    directory: Directory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wrong").write_text("wrong-service-password")
    settings = settings_for(directory, bind_password_file=tmp_path / "wrong")
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable):
        LdapWay(settings, TABLE).prove("li", directory.passwords["li"])
    told = " ".join(str(record.__dict__) for record in caplog.records)
    assert "result 49" in told
    assert "wrong-service-password" not in told
    assert directory.passwords["li"] not in told


def test_the_order_is_that_of_the_settings_until_one_fails(directory: Directory) -> None:
    now = [100.0]
    names = ["ldaps://a", "ldaps://b", "ldaps://c"]
    settings = settings_for(directory, servers=names, rest_s=30.0)
    servers = Servers(settings, clock=lambda: now[0])

    def fails(*bad: str) -> str:
        def work(url: str, allowance: Allowance) -> str:
            if url in bad:
                raise ServerFailed(url, "connecting", "gone")
            return url

        return servers.ask(work)

    assert fails() == "ldaps://a"
    assert fails("ldaps://a") == "ldaps://b"
    assert servers.order() == ["ldaps://b", "ldaps://c", "ldaps://a"]
    now[0] += 10
    assert fails("ldaps://b") == "ldaps://c"
    assert servers.order() == ["ldaps://c", "ldaps://a", "ldaps://b"]
    now[0] += 21
    assert servers.order() == ["ldaps://a", "ldaps://c", "ldaps://b"]
    with pytest.raises(Unavailable):
        fails(*names)
    # Each is asked again all the same: a directory that comes back is there at once.
    assert fails() in names


def test_a_slow_server_leaves_the_next_its_part_of_the_time(directory: Directory) -> None:
    parts: list[float] = []
    settings = settings_for(directory, servers=["ldaps://a", "ldaps://b"], login_s=8.0)

    def work(url: str, allowance: Allowance) -> str:
        parts.append(allowance.left_s())
        raise ServerFailed(url, "connecting", "gone")

    with pytest.raises(Unavailable):
        Servers(replace(settings)).ask(work)
    assert 3 < parts[0] <= 4 < 7 < parts[1] <= 8
