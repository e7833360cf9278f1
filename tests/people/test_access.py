"""The table of who may do what, held against the sentence of the design."""

from __future__ import annotations

import pytest

from portal.errors import NotAllowed
from portal.people.access import REFUSALS, RULES, Action, may, require, require_school
from portal.people.viewer import LABELS, Role, Viewer

STAFF, ADMIN, TEACHER, SEAT = Role.STAFF, Role.SCHOOL_ADMIN, Role.TEACHER, Role.SEAT
SCRIPT = Role.SCRIPT
EXPECTED = {
    Action.LAUNCH: {ADMIN, TEACHER, SCRIPT},
    Action.START_RUN: {ADMIN, TEACHER, SCRIPT, SEAT},
    Action.CHANGE_ANY_RUN: {STAFF, ADMIN, TEACHER, SCRIPT},
    Action.UPLOAD_DATA: {STAFF, ADMIN, TEACHER, SCRIPT},
    Action.SEE_CLASS: {STAFF, ADMIN, TEACHER, SCRIPT},
    Action.MAKE_CLASS: {ADMIN, SCRIPT},
    Action.OPEN_CLASS: {ADMIN, TEACHER, SCRIPT},
    Action.SEE_CLUSTER: {STAFF},
    Action.SEE_USAGE: {STAFF, ADMIN, TEACHER, SCRIPT},
    Action.SEE_AUDIT: {STAFF, ADMIN},
    Action.KEEP_SCHOOLS: {STAFF},
    Action.KEEP_PEOPLE: {STAFF, ADMIN},
    Action.ERASE: {STAFF, ADMIN, TEACHER},
    Action.ERASE_CLASS: {STAFF, ADMIN},
    Action.CONSENT: {ADMIN},
    Action.KEEP_TOKENS: {STAFF, ADMIN, TEACHER},
    Action.KEEP_SCHOOL_TOKENS: {ADMIN},
}


def viewer(role: Role) -> Viewer:
    return Viewer(
        user_id="u", login="u", name="U", role=role, school_id=None if role is STAFF else "s"
    )


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_who_may_do_what(action: Action, role: Role) -> None:
    allowed = role in EXPECTED[action]
    assert may(viewer(role), action) is allowed
    if allowed:
        require(viewer(role), action)
    else:
        with pytest.raises(NotAllowed) as caught:
            require(viewer(role), action)
        assert caught.value.message is REFUSALS[action]


def test_every_action_has_a_rule_and_a_refusal_and_every_role_a_word() -> None:
    assert set(RULES) == set(REFUSALS) == set(Action)
    assert set(LABELS) == set(Role)


def test_work_needs_a_school_to_be_charged_to() -> None:
    assert require_school(viewer(TEACHER), Action.LAUNCH) == "s"
    with pytest.raises(NotAllowed):
        require_school(viewer(STAFF), Action.UPLOAD_DATA)
