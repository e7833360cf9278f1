"""How long a school's data stays, what it was allowed to bring in, and what has gone."""

from __future__ import annotations

import datetime
import time
from typing import Any

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.ownership import OfSchool
from portal.store.tables.base import Base, new_id


class Term(OfSchool, Base):
    """Until when a school needs the data of a class; `last_day` is of the site's calendar."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("school_id", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    last_day: Mapped[datetime.date]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Consent(OfSchool, Base):
    """A school's word that it has the guardians' consent, to one version of the centre's text.

    People are noted by the ids of their accounts and stay after those have gone.
    """

    __tablename__ = "consent"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int]
    recorded_by: Mapped[str]
    recorded_at: Mapped[float]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[float | None]


class Erasure(OfSchool, Base):
    """Something that is to be deleted, and when it is done the receipt of that. It names nobody.

    `state`: asked → files → done. `plan` is what the eraser still has to remove and look for; it
    is empty on a receipt. `rows` counts deleted rows by table, `left` what a second look found.
    """

    __tablename__ = "erasure"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str]
    why: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str | None]
    asked_at: Mapped[float]
    state: Mapped[str] = mapped_column(String(16), index=True)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rows: Mapped[dict[str, Any]] = mapped_column(default=dict)
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    left: Mapped[int | None]
    done_at: Mapped[float | None]
