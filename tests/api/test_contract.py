"""The API answers as its OpenAPI document says, whatever it is asked and whoever asks.

A small part of what ``scripts/bench security --rows contract`` tries, the same in every run: what
lies at the edges of every schema, some thousand requests for each role, is tried there.
"""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from stage.security import contract

from portal.api import lessons
from portal.people import passwords


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


def test_every_answer_is_one_of_the_documents() -> None:
    outcome = contract.tried(1, ["teacher", "staff", "nobody"], edges=[])
    assert outcome.words == []
    assert outcome.tries > 100


def test_an_answer_of_another_shape_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "listed", lambda lesson: {"id": lesson.id})
    outcome = contract.tried(1, ["teacher"], edges=[])
    assert [words for words in outcome.words if "/api/v1/lessons" in words]


@pytest.mark.slow
def test_every_answer_to_everybody_is_one_of_the_documents() -> None:
    assert contract.tried(20).words == []
