"""The API answers as its OpenAPI document says, whatever it is asked and whoever asks.

A small part of what ``scripts/bench security --rows contract`` tries, the same in every run.
"""

from __future__ import annotations

import pytest
from stage.security import contract


def test_every_answer_is_one_of_the_documents() -> None:
    outcome = contract.tried(1, ["teacher", "staff", "nobody"], edges=["teacher"])
    assert outcome.words == []
    assert outcome.tries > 1000


@pytest.mark.slow
def test_every_answer_to_everybody_is_one_of_the_documents() -> None:
    assert contract.tried(20).words == []
