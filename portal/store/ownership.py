"""Whose a row is: a table that belongs to a tenant has one of these among its bases."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column


class OfSchool:
    """A row that belongs to one school, and that no other may see."""

    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)


class OfSchoolOrCentre:
    """A row of one school, or with NULL the centre's own, which every school may see."""

    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"), index=True)
