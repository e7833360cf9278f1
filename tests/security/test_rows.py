"""Each row of `scripts/bench security` with few tries; the script makes the full number."""

from __future__ import annotations

from importlib import import_module

import pytest
from argon2 import PasswordHasher

from portal.people import passwords

FEW = {"access": 0, "parameters": 250, "links": 120, "logins": 120}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.mark.parametrize("row", FEW)
def test_nothing_comes_through(row: str) -> None:
    outcome = import_module(f"stage.security.{row}").tried(FEW[row])
    assert outcome.words == []
    assert outcome.tries > FEW[row] - 1
