"""What the agent keeps for itself and for pages that may not ask Slurm."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Base


class Lease(Base):
    """Who the one working agent is, until when, and when Slurm last answered it."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[float]
    renewed_at: Mapped[float | None]
    slurm_answered_at: Mapped[float | None]
    slurm_error: Mapped[str | None] = mapped_column(Text)


class ClusterView(Base):
    """What the agent last saw of the cluster, for pages that may not ask Slurm themselves."""

    __tablename__ = "cluster_view"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[float]
    view: Mapped[dict[str, Any]]


class Tally(Base):
    """How often something has happened since the portal began; counted by the agent."""

    __tablename__ = "tally"

    name: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
