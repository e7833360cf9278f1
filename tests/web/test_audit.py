"""The audit log: what goes in by itself, who reads it, and that it stays as it was written."""

from __future__ import annotations

import csv
import io

import pytest
from flask import g, request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.people.commanded import note_command
from portal.people.deeds import deeds, every_deed, note
from portal.store import EVERYONE
from portal.store.tables import AuditEntry
from portal.web import noted
from tests.town import Town
from tests.web.classroom import Classroom, token
from tests.web.pages import SEAT

# What the centre's staff look at somebody's data by: addresses that name one thing of a school.
NAMES = {"run_id", "lesson_id", "class_id", "data_id", "id_or_slug", "id_or_name"}


def newest(classroom: Classroom, number: int = 1) -> list[tuple[str, str, str | None]]:
    """Who did what to what, the newest first."""
    with classroom.house.store.reading(EVERYONE) as session:
        found = session.query(AuditEntry).order_by(AuditEntry.at.desc()).limit(number)
        return [(entry.actor, entry.what, entry.thing) for entry in found]


def test_every_route_is_noted_or_there_is_a_reason_why_not(classroom: Classroom) -> None:
    for rule in classroom.app.url_map.iter_rules():
        name = noted.name_of(rule.endpoint)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if methods - {"GET"}:
            assert (name in noted.CHANGES) != (name in noted.UNNOTED), rule.endpoint
        elif rule.arguments & NAMES:
            assert (name in noted.LOOKS) != (name in noted.UNNOTED), rule.endpoint
    endpoints = {noted.name_of(rule.endpoint) for rule in classroom.app.url_map.iter_rules()}
    assert {*noted.CHANGES, *noted.LOOKS, *noted.UNNOTED} <= endpoints


def test_a_look_of_staff_at_a_pupils_run_is_noted(classroom: Classroom) -> None:
    run, _teacher = classroom.runs["succeeded"][0], classroom.browser("li")
    assert classroom.browser("staff").get(f"/runs/{run}").status_code == 200
    assert newest(classroom) == [("staff", "runs.page", f"run {run}")]
    with classroom.house.store.reading(EVERYONE) as session:
        (entry,) = session.query(AuditEntry).filter_by(thing=f"run {run}", actor="staff")
        assert entry.school_id is not None
    classroom.browser("li").get(f"/runs/{run}")
    classroom.browser("staff").get("/runs/no-such-run")
    assert newest(classroom) == [("staff", "runs.page", f"run {run}")]


def test_a_teachers_change_is_noted_and_a_refused_one_is_not(classroom: Classroom) -> None:
    teacher, run = classroom.browser("li"), classroom.runs["failed"][0]
    body = {"csrf_token": token(teacher, f"/runs/{run}")}
    assert teacher.post(f"/runs/{run}/cancel", data=body).status_code < 400
    assert newest(classroom) == [("li", "runs.cancel", f"run {run}")]
    assert teacher.post("/runs/no-such-run/cancel", data=body).status_code == 404
    assert newest(classroom) == [("li", "runs.cancel", f"run {run}")]


def test_what_is_called_by_its_name_is_noted_by_its_id(classroom: Classroom) -> None:
    staff = classroom.browser("staff")
    with classroom.app.test_request_context("/api/v1/classes/7-2"):
        request.view_args = {"id_or_slug": "7-2"}
        g.api_viewer = None
        with classroom.house.store.reading(EVERYONE) as session:
            assert noted._thing(session)[0] == f"class {classroom.class_id}"
        request.view_args = {"id_or_name": "somebody's name"}
        with classroom.house.store.reading(EVERYONE) as session:
            assert noted._thing(session) == ("data", None)
    assert staff.get(f"/classes/{classroom.class_id}").status_code == 200
    assert newest(classroom) == [("staff", "classes.one", f"class {classroom.class_id}")]


def test_staff_and_administrators_read_it_and_nobody_else(classroom: Classroom) -> None:
    for login in ("li", SEAT):
        for address in ("/audit", "/audit/audit.csv"):
            assert classroom.browser(login).get(address).status_code == 403
    run = classroom.runs["succeeded"][0]
    classroom.browser("staff").get(f"/runs/{run}")
    assert "looked at a training" in classroom.browser("staff").get("/audit?actor=staff").text
    answer = classroom.browser("staff").get("/audit/audit.csv?actor=staff")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:4] == ["Time", "Who", "Role", "Did"]
    assert rows[1][1:5] == ["staff", "staff", "looked at a training", "runs.page"]


def test_what_root_changed_by_a_command_is_on_the_page(classroom: Classroom) -> None:
    with classroom.house.store.begin(EVERYONE) as session:
        note_command(session, "root@portal", "people.close", school_id=None, thing="person 1")
    page = classroom.browser("staff").get("/audit?actor=root@portal").text
    assert "kept a person out" in page
    assert "by a command on the portal" in page


def test_a_school_reads_of_its_own_data_alone(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        for school_id in (town.here.school.id, town.there.school.id, None):
            note(session, town.staff, "runs.page", school_id=school_id, thing="x", address=None)
    with town.portal.store.reading(town.here.admin.tenant) as session:
        own = deeds(session, town.here.admin, limit=10)
        assert [entry.school_id for entry in own] == [town.here.school.id]
        assert len(list(every_deed(session, town.here.admin))) == 1
    with town.portal.store.reading(EVERYONE) as session:
        page = deeds(session, town.staff, limit=2)
        rest = deeds(session, town.staff, limit=2, before=page[-1].id)
        assert len({entry.id for entry in (*page, *rest)}) == 3


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_itself_keeps_what_was_written(town: Town, change: str) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        note(session, town.staff, "runs.page", school_id=None, thing=None, address=None)
    with (
        pytest.raises(DBAPIError, match="append-only"),
        town.portal.store.begin(EVERYONE) as session,
    ):
        session.execute(text(change))
