"""Answers to requests that start work: given once, and said again to whoever asks again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.api.door import viewer
from portal.services import services
from portal.store.tables import Answered

AGAIN = "Idempotency-Replayed"


def answer(
    make: Callable[[Session], dict[str, Any]], key: str, *, status: int
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """What `make` answers, with a header that says whether this key had been answered before."""
    known = select(Answered.created_at).where(
        Answered.user_id == viewer().user_id, Answered.key == key
    )
    with services().store.begin(viewer().tenant) as session:
        before = session.scalar(known) is not None
        made = make(session)
    return made, 200 if before else status, {AGAIN: "true" if before else "false"}
