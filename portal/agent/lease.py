"""Two agents by mistake: one works, the other waits and takes over when the first falls silent."""

from __future__ import annotations

import os
import socket
import uuid

from sqlalchemy.orm import Session

from portal.store.tables import Lease

NAME = "agent"


def new_holder() -> str:
    """A name for this process that no other has had."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def hold(session: Session, holder: str, now: float, seconds: float) -> bool:
    """Take or renew the lease until `now + seconds`; False while another agent holds it.

    Called in the transaction of every write that must not be made twice, so that an agent that
    was stopped for a while finds out before it acts on what it remembers.
    """
    lease = session.get(Lease, NAME, with_for_update=True, populate_existing=True)
    if lease is None:
        session.add(Lease(name=NAME, holder=holder, until=now + seconds, renewed_at=now))
        session.flush()
        return True
    if lease.holder != holder and lease.until > now:
        return False
    lease.holder, lease.until, lease.renewed_at = holder, now + seconds, now
    return True


def release(session: Session, holder: str) -> None:
    """Let the next agent begin at once."""
    lease = session.get(Lease, NAME, with_for_update=True)
    if lease is not None and lease.holder == holder:
        lease.until = 0.0


def note_answer(session: Session, now: float, error: str | None) -> None:
    """Write down when Slurm last answered, or the words with which it did not."""
    lease = session.get(Lease, NAME)
    if lease is not None:
        lease.slurm_error = error
        if error is None:
            lease.slurm_answered_at = now
