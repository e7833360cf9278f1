"""Who is asking: a person, a seat or a script, as every service wants to know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.language import N_, Message
from portal.store import Tenant, tenant_of


class Role(StrEnum):
    """What somebody is to the portal; what each may do is in `access`."""

    STAFF = "staff"
    SCHOOL_ADMIN = "school_admin"
    TEACHER = "teacher"
    SEAT = "seat"
    # The owner of a school's own token: it works for the school, and nobody logs in as it.
    SCRIPT = "script"

    @property
    def label(self) -> Message:
        """The role's word on a page."""
        return LABELS[self]


LABELS = {
    Role.STAFF: N_("centre staff"),
    Role.SCHOOL_ADMIN: N_("school administrator"),
    Role.TEACHER: N_("teacher"),
    Role.SEAT: N_("seat"),
    Role.SCRIPT: N_("script of the school"),
}


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Somebody who has proven who they are.

    `school_id` is None for staff alone; `class_id` and `seat_id` are set for seats alone.
    `templates_off` are the names of those that the viewer's school does not use.
    """

    user_id: str
    login: str
    name: str
    role: Role
    school_id: str | None = None
    language: str | None = None
    class_id: str | None = None
    seat_id: str | None = None
    templates_off: frozenset[str] = frozenset()

    @property
    def tenant(self) -> Tenant:
        """Whose rows a session for this viewer may see."""
        return tenant_of(self.school_id, self.role)

    @property
    def is_staff(self) -> bool:
        """Whether this is somebody of the centre."""
        return self.role is Role.STAFF

    @property
    def is_seat(self) -> bool:
        """Whether this is a pupil at a seat."""
        return self.role is Role.SEAT
