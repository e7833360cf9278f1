"""The audit log: written beside what was done, read by staff and by a school's administrators."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.language import N_
from portal.people.access import Action, require
from portal.people.viewer import Viewer
from portal.store.tables import AuditEntry

AT_ONCE = 500


def note(
    session: Session,
    viewer: Viewer,
    what: str,
    *,
    school_id: str | None,
    thing: str | None,
    address: str | None,
) -> None:
    """Write down that the viewer did something; `thing` is "kind id", of that school's."""
    session.add(
        AuditEntry(
            at=time.time(),
            actor_id=viewer.user_id,
            actor=viewer.login,
            role=viewer.role.value,
            what=what,
            thing=thing,
            school_id=school_id,
            address=address,
        )
    )


def deeds(
    session: Session,
    viewer: Viewer,
    *,
    limit: int,
    before: str | None = None,
    actor: str | None = None,
    school_id: str | None = None,
) -> list[AuditEntry]:
    """What was done, newest first; `before` is the id of the last entry of the page before.

    Staff see everything; a school's administrators what was done to their school's data, by
    whomever. Raises `NotAllowed`, and `NotFound` for a `before` that the viewer cannot see.
    """
    wanted = _wanted(viewer, actor, school_id)
    if before is not None:
        last = session.scalar(_wanted(viewer).where(AuditEntry.id == before))
        if last is None:
            raise NotFound(N_("There is no such entry."))
        same = (AuditEntry.at == last.at) & (AuditEntry.id < last.id)
        wanted = wanted.where(or_(AuditEntry.at < last.at, same))
    return list(session.scalars(wanted.limit(limit)))


def every_deed(
    session: Session, viewer: Viewer, *, actor: str | None = None, school_id: str | None = None
) -> Iterator[AuditEntry]:
    """All of them, some hundreds at a time; the same errors."""
    before = None
    while found := deeds(
        session, viewer, limit=AT_ONCE, before=before, actor=actor, school_id=school_id
    ):
        yield from found
        before = found[-1].id


def _wanted(
    viewer: Viewer, actor: str | None = None, school_id: str | None = None
) -> Select[AuditEntry]:
    require(viewer, Action.SEE_AUDIT)
    wanted = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    if not viewer.is_staff:
        # What belongs to no school is the centre's, and nobody's of a school to read.
        wanted = wanted.where(AuditEntry.school_id == viewer.school_id)
    if actor is not None:
        wanted = wanted.where(AuditEntry.actor == actor)
    if school_id is not None:
        wanted = wanted.where(AuditEntry.school_id == school_id)
    return wanted
