"""The rows see what comes through where a wall of the portal is taken down."""

from __future__ import annotations

import os
import re

import pytest
from argon2 import PasswordHasher
from stage.security import links, logins, parameters

from portal.people import guesses, passwords
from portal.people.guesses import Kind, Size
from portal.results import confinement
from portal.scheduler import checks


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


def test_links_that_are_followed_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "FOLDER_FLAGS", confinement.FOLDER_FLAGS & ~os.O_NOFOLLOW)
    monkeypatch.setattr(confinement, "FILE_FLAGS", confinement.FILE_FLAGS & ~os.O_NOFOLLOW)
    assert links.tried(150).failures > 0


def test_guesses_that_nobody_counts_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in Kind:
        monkeypatch.setitem(guesses.SIZES, kind, Size(10_000, 1.0))  # type: ignore[arg-type]
    outcome = logins.tried(240)
    assert [words for words in outcome.words if "guesses an hour" in words] != []


def test_words_that_nobody_checks_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_WORD", re.compile(r".*", re.DOTALL))
    assert parameters.tried(120).failures > 0
