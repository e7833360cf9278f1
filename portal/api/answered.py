"""Answers to requests that start work: given once, and said again to whoever asks again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from portal.api.door import viewer
from portal.api.noun import AGAIN
from portal.runs.once import was_answered_before
from portal.services import services

Answer = tuple[dict[str, Any], int, dict[str, str]]


def answer(make: Callable[[Session], dict[str, Any]], *, status: int) -> Answer:
    """What `make` answers, with a header that says whether its key had been answered before."""
    with services().store.begin(viewer().tenant) as session:
        made = make(session)
        before = was_answered_before(session)
    return answered(made, status=status, again=before)


def answered(made: dict[str, Any], *, status: int, again: bool) -> Answer:
    """An answer, with a header that says whether it was given before."""
    return made, 200 if again else status, {AGAIN: "true" if again else "false"}
