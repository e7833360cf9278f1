"""Signs of life of the agent and of Slurm, as the agent left them in the database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.store.tables import ClusterView, Lease


@dataclass(frozen=True)
class Pulse:
    """Seconds since each sign of life; None where there has never been one."""

    leads: bool
    renewed_s: float | None
    slurm_answered_s: float | None
    slurm_silent: bool


def take(session: Session, now: float) -> Pulse:
    """The pulse at `now` (UTC seconds).

    The agent asks about jobs only while any is alive, and about nodes all the time: Slurm's last
    good answer is the newer of the two.
    """
    lease, nodes = session.get(Lease, "agent"), session.get(ClusterView, "nodes")
    told = [lease.slurm_answered_at if lease else None, nodes.seen_at if nodes else None]
    answers = [at for at in told if at is not None]
    return Pulse(
        leads=lease is not None and lease.until > now,
        renewed_s=None if lease is None or lease.renewed_at is None else now - lease.renewed_at,
        slurm_answered_s=now - max(answers) if answers else None,
        slurm_silent=lease is not None and lease.slurm_error is not None,
    )
