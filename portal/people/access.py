"""The one place that says which role may do what.

Which rows a person may see is not decided here but in the session: it is opened for a tenant,
and no statement of it finds another school's rows. What is left is what somebody may do with
rows that they do see.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from portal.errors import NotAllowed
from portal.language import N_, Message
from portal.people.viewer import Role, Viewer


class Action(StrEnum):
    """Something that not everybody may do."""

    LAUNCH = "launch"
    START_RUN = "start-run"
    CHANGE_ANY_RUN = "change-any-run"
    UPLOAD_DATA = "upload-data"
    SEE_CLASS = "see-class"
    OPEN_CLASS = "open-class"
    MAKE_CLASS = "make-class"
    SEE_CLUSTER = "see-cluster"
    SEE_USAGE = "see-usage"
    SEE_AUDIT = "see-audit"
    ERASE = "erase"
    ERASE_CLASS = "erase-class"
    CONSENT = "consent"
    KEEP_SCHOOLS = "keep-schools"
    KEEP_PEOPLE = "keep-people"
    KEEP_TOKENS = "keep-tokens"
    KEEP_SCHOOL_TOKENS = "keep-school-tokens"


_SCHOOL = frozenset({Role.TEACHER, Role.SCHOOL_ADMIN, Role.SCRIPT})
_STAFF = frozenset({Role.STAFF})

# Staff start no training: every run is charged to a school's account, and they are of none.
RULES: Mapping[Action, frozenset[Role]] = {
    Action.LAUNCH: _SCHOOL,
    Action.START_RUN: _SCHOOL | {Role.SEAT},
    Action.CHANGE_ANY_RUN: _SCHOOL | _STAFF,
    Action.UPLOAD_DATA: _SCHOOL | _STAFF,
    Action.SEE_CLASS: _SCHOOL | _STAFF,
    Action.OPEN_CLASS: _SCHOOL,
    Action.MAKE_CLASS: frozenset({Role.SCHOOL_ADMIN, Role.SCRIPT}),
    Action.SEE_CLUSTER: _STAFF,
    Action.SEE_USAGE: _SCHOOL | _STAFF,
    Action.SEE_AUDIT: _STAFF | {Role.SCHOOL_ADMIN},
    Action.ERASE: frozenset({Role.TEACHER, Role.SCHOOL_ADMIN}) | _STAFF,
    Action.ERASE_CLASS: _STAFF | {Role.SCHOOL_ADMIN},
    Action.CONSENT: frozenset({Role.SCHOOL_ADMIN}),
    Action.KEEP_SCHOOLS: _STAFF,
    Action.KEEP_PEOPLE: _STAFF | {Role.SCHOOL_ADMIN},
    Action.KEEP_TOKENS: _STAFF | {Role.SCHOOL_ADMIN, Role.TEACHER},
    Action.KEEP_SCHOOL_TOKENS: frozenset({Role.SCHOOL_ADMIN}),
}

REFUSALS: Mapping[Action, Message] = {
    Action.LAUNCH: N_("Only teachers can start a lesson for a class."),
    Action.START_RUN: N_("Training is started by teachers and pupils, on their school's account."),
    Action.CHANGE_ANY_RUN: N_("This training belongs to somebody else."),
    Action.UPLOAD_DATA: N_("Only teachers can bring in data."),
    Action.SEE_CLASS: N_("Only teachers can look at a whole class."),
    Action.OPEN_CLASS: N_("Only the school's teachers can change codes and cards."),
    Action.MAKE_CLASS: N_("Only the school's administrators can make a class."),
    Action.SEE_CLUSTER: N_("Only the staff of the centre can look at the cluster."),
    Action.SEE_USAGE: N_("Only teachers can look at what their school has used."),
    Action.SEE_AUDIT: N_("Only staff and school administrators can look at the audit log."),
    Action.ERASE: N_("Only teachers can have something deleted."),
    Action.ERASE_CLASS: N_("Only the school's administrators can have all of this deleted."),
    Action.CONSENT: N_("Only the school's administrators can speak for it."),
    Action.KEEP_SCHOOLS: N_("Only the staff of the centre can add and change schools."),
    Action.KEEP_PEOPLE: N_("Only staff and school administrators can add and change people."),
    Action.KEEP_TOKENS: N_("Only teachers and staff make tokens for their scripts."),
    Action.KEEP_SCHOOL_TOKENS: N_("Only the school's administrators can keep its tokens."),
}


def may(viewer: Viewer, action: Action) -> bool:
    """Whether the viewer's role allows the action."""
    return viewer.role in RULES[action]


def require(viewer: Viewer, action: Action) -> None:
    """Raise `NotAllowed`, with a sentence, unless the viewer's role allows the action."""
    if not may(viewer, action):
        raise NotAllowed(REFUSALS[action])


def require_school(viewer: Viewer, action: Action) -> str:
    """The id of the school that the action is for; raises `NotAllowed` where there is none."""
    require(viewer, action)
    if viewer.school_id is None:
        raise NotAllowed(REFUSALS[action])
    return viewer.school_id


def sees_all_runs(viewer: Viewer) -> bool:
    """Whether the viewer sees every run of the tenant, and not their own alone."""
    return not viewer.is_seat
