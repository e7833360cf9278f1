"""What was printed when Slurm did not answer, and what staff are told to do about it."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.config import Settings
from portal.doctor import Verdict
from portal.doctor.reach import Reach
from portal.doctor.silence import explained
from portal.scheduler import Unavailable, open_scheduler
from tests.scheduler.test_rest_tokens import CANARY, answering, certificate, server

__all__ = ["certificate"]

# Each line was printed by 22.05.8 with that very thing taken away, but for those about versions and
# credentials, which are as they stand in libslurm.
PRINTED = [
    ("commands", "squeue: not found in PATH", "slurm-commands"),
    ("commands", "sbatch: not found in /opt/slurm/bin", "slurm-commands"),
    (
        "commands",
        "scontrol: no end within 2 s; scontrol: error: s_p_parse_file: cannot stat file "
        "/nowhere/slurm.conf: No such file or directory, retrying in 1sec up to 60sec",
        "slurm-conf",
    ),
    (
        "commands",
        'squeue: s_p_parse_file: file "/etc/slurm/slurm.conf" is empty\nsqueue: error: ClusterName '
        "needs to be specified\nsqueue: fatal: Unable to process configuration file",
        "slurm-conf",
    ),
    (
        "commands",
        "squeue: fatal: Could not establish a configuration source",
        "slurm-conf",
    ),
    (
        "commands",
        "slurm_load_jobs error: Protocol authentication error",
        "munge",
    ),
    (
        "commands",
        "slurm_load_jobs error: Incompatible versions of client and server code",
        "slurm-version",
    ),
    (
        "commands",
        "sacctmgr: error: slurm_persist_conn_open_without_init: failed to open persistent "
        "connection to host:127.0.0.1:17001: Connection refused\nsacctmgr: error: Sending "
        "PersistInit msg: Connection refused",
        "slurmdbd",
    ),
    (
        "commands",
        "Slurmctld(primary) at vm is DOWN\n*****\n** RESTORE SLURMCTLD DAEMON TO SERVICE **",
        "slurmctld",
    ),
    (
        "commands",
        "slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
        "slurmctld",
    ),
    ("pyslurm", "pyslurm: no answer in time; it said nothing", "slurmctld"),
    (
        "pyslurm",
        "pyslurm: the worker ended; python: fatal: Unable to process configuration file",
        "slurm-conf",
    ),
    ("commands", "squeue: something that nobody has seen", "slurm"),
    ("rest", "slurmrestd at https://s:6820: [Errno 111] Connection refused", "slurmrestd"),
    ("rest", "slurmrestd at https://s:6820: [Errno -2] Name or service not known", "slurmrestd"),
    ("rest", "slurmrestd at unix:/run/s: [Errno 2] No such file or directory", "slurmrestd"),
    ("rest", "slurmrestd at http://127.0.0.1:6820: ReadTimeout timed out", "slurmrestd"),
    ("rest", "slurmrestd answered 404: no reason given", "slurmrestd"),
    (
        "rest",
        "slurmrestd at https://s:6820: [SSL: WRONG_VERSION_NUMBER] wrong version number",
        "tls",
    ),
    ("rest", "/etc/kesuan/ca.pem: [Errno 2] No such file or directory", "tls"),
    ("rest", "slurmrestd answered 500: Failed connecting to slurmdbd", "slurmdbd"),
    ("rest", "slurmrestd answered 500: Failed while looking for jobs", "slurmctld"),
    ("rest", "slurmrestd says that no controller is up", "slurmctld"),
]


def over(settings: Settings, **slurm: Any) -> Settings:
    return replace(settings, slurm=replace(settings.slurm, **slurm))


@pytest.mark.parametrize(("backend", "words", "code"), PRINTED)
def test_what_was_printed_is_one_line_with_what_to_do(
    settings: Settings, backend: str, words: str, code: str
) -> None:
    finding = explained(over(settings, backend=backend), Unavailable(words))
    assert (finding.code, finding.verdict) == (code, Verdict.FAULT)
    assert "\n" not in str(finding.found)
    assert finding.advice is not None
    assert finding.advice.in_language("zh") != finding.advice.in_language("en")


def told(settings: Settings) -> dict[str, str]:
    """The faults that are found on the way, by their checks."""
    looked = Reach(settings, open_scheduler(settings.slurm)).look()
    return {f.code: str(f.found) for f in looked if f.verdict is Verdict.FAULT}


@pytest.fixture
def rest(settings: Settings, tmp_path: Path) -> Settings:
    """A portal outside the cluster, with a signer that works and nobody at the other end."""
    mint = tmp_path / "mint"
    mint.write_text(f"#!/bin/sh\necho {CANARY}\n")
    mint.chmod(0o700)
    return over(
        settings,
        backend="rest",
        rest_url="http://127.0.0.1:9",
        rest_token_command=[str(mint)],
        command_timeout_s=20.0,
    )


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nobody_at_the_other_end(rest: Settings) -> None:
    assert list(told(rest)) == ["slurmrestd"]


def test_a_signer_that_is_not_there_or_fails_is_told_with_its_name(rest: Settings) -> None:
    for command in (["/nowhere/mint"], ["/bin/false"]):
        found = told(over(rest, rest_token_command=command))
        assert list(found) == ["token"]
        assert command[0] in found["token"]


def test_a_key_that_others_can_read_is_told(rest: Settings, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    assert list(told(over(rest, rest_token_key_file=key))) == ["token"]
    assert list(told(over(rest, rest_token_key_file=tmp_path / "absent"))) == ["token"]


def test_a_server_that_speaks_only_other_versions_is_told(rest: Settings) -> None:
    halves: dict[str, object] = {"/slurm/v0.0.35/jobs": {}, "/slurmdb/v0.0.35/jobs": {}}
    with server(answering(json.dumps({"paths": halves}))) as port:
        found = told(over(rest, rest_url=f"http://127.0.0.1:{port}"))
    assert list(found) == ["api"]
    assert "v0.0.35" in found["api"]


def test_what_is_no_slurmrestd_is_told(rest: Settings) -> None:
    with server(answering("<html>")) as port:
        assert list(told(over(rest, rest_url=f"http://127.0.0.1:{port}"))) in (
            ["api"],
            ["slurmrestd"],
        )


def test_a_certificate_that_is_not_trusted_is_told(
    rest: Settings, certificate: tuple[Path, Path]
) -> None:
    made, key = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    with server(answering("{}"), context) as port:
        assert list(told(over(rest, rest_url=f"https://127.0.0.1:{port}"))) == ["tls"]


def test_a_configuration_that_is_not_there_is_told_at_once(settings: Settings) -> None:
    found = told(over(settings, backend="commands", conf=Path("/nowhere/slurm.conf")))
    assert list(found) == ["slurm-conf"]


def test_a_munge_that_is_not_there_is_told_at_once(settings: Settings, tmp_path: Path) -> None:
    conf = tmp_path / "slurm.conf"
    conf.write_text(f"ClusterName=x\nAuthInfo=socket={tmp_path}/munge\n")
    found = told(over(settings, backend="commands", conf=conf))
    assert list(found) == ["munge"]
    assert f"{tmp_path}/munge" in found["munge"]
