"""Where tokens may be sent, and how long they last."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal import config
from tests.config.test_settings import GOOD, faults, folder, written

__all__ = ["folder"]


def settings(lines: str) -> str:
    return GOOD.replace("[slurm]\n", f'[slurm]\nbackend = "rest"\n{lines}\n')


@pytest.mark.parametrize(
    "url",
    [
        "https://slurm.example.org:6820",
        "unix:/run/slurmrestd/socket",
        "http://127.0.0.1:6820",
        "http://localhost:6820",
        "http://[::1]:6820",
    ],
)
def test_tokens_go_by_tls_or_stay_on_this_machine(folder: Path, url: str) -> None:
    read = config.load(written(folder, settings(f'rest_url = "{url}"')))
    assert read.slurm.rest_url == url


@pytest.mark.parametrize(
    "line",
    [
        "",
        'rest_url = "http://slurm.example.org:6820"',
        'rest_url = "http://127.0.0.1.example.org"',
        'rest_url = "http://localhost@example.org"',
        'rest_url = "unix:socket"',
        'rest_url = "slurm.example.org"',
        'rest_url = "http://[::1"',
        'rest_url = "https://"',
    ],
)
def test_a_token_goes_nowhere_else(folder: Path, line: str) -> None:
    assert "slurm.rest_url" in faults(folder, settings(line))


def test_a_token_outlives_its_requests(folder: Path) -> None:
    lines = 'rest_url = "https://a"\nrest_token_s = 120\ncommand_timeout_s = 60'
    assert "slurm.rest_token_s" in faults(folder, settings(lines))
