"""Each row of `scripts/bench security` with few tries; the script makes the full number."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
from argon2 import PasswordHasher
from stage.checkout import ROOT
from stage.security.poisoned import unknown_columns

from portal.people import passwords

FEW = {"access": 0, "parameters": 250, "links": 100, "logins": 80}
IN_BROWSER = {"texts": 25, "accessibility": 1}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.mark.parametrize("row", FEW)
def test_nothing_comes_through(row: str) -> None:
    outcome = import_module(f"stage.security.{row}").tried(FEW[row])
    assert outcome.words == []
    assert outcome.tries > FEW[row] - 1


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("row", IN_BROWSER)
def test_nothing_comes_through_in_chromium(row: str) -> None:
    outcome = import_module(f"stage.security.{row}").tried(IN_BROWSER[row])
    assert outcome.words == []


def test_every_column_of_text_is_known() -> None:
    """Whether people write into it, and so whether hostile texts are put there."""
    assert unknown_columns() == set()


def test_hostile_files_in_the_worker() -> None:
    """In a process of its own, as the script has it: what it forks has little memory."""
    done = subprocess.run(
        [sys.executable, "-m", "stage.security", "archives", "30"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}/scripts:{ROOT}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    outcome = json.loads(done.stdout)
    assert outcome["words"] == []
    assert outcome["tries"] == 30
    assert min(outcome["seen"][kind] for kind in ("refused", "taken")) > 0
