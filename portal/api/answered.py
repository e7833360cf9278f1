"""Answers to requests that start work: given once, and said again to whoever asks again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from portal.api.door import viewer
from portal.runs.once import was_answered_before
from portal.services import services

AGAIN = "Idempotency-Replayed"


def answer(
    make: Callable[[Session], dict[str, Any]], *, status: int
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """What `make` answers, with a header that says whether its key had been answered before."""
    with services().store.begin(viewer().tenant) as session:
        made = make(session)
        before = was_answered_before(session)
    return made, 200 if before else status, {AGAIN: "true" if before else "false"}
