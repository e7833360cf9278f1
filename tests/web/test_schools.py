"""The staff's pages of schools: a list that is searched and sorted, a new one, off and on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from portal.store import EVERYONE
from portal.store.tables import AuditEntry, ClusterView, School, User
from tests.web.classroom import PASSWORD, Classroom, token
from tests.web.pages import Anatomy

NEW = {
    "slug": "dong",
    "name": "东山小学",
    "slurm_account": "dong",
    "shares": "40",
    "share_hours": "",
    "guaranteed": "8",
    "partitions": "class，night",
    "admin": "wu",
    "admin_name": "吴老师",
}


@pytest.fixture
def staff(classroom: Classroom) -> Iterator[FlaskClient]:
    yield classroom.browser("staff")
    with classroom.house.store.begin(EVERYONE) as session:
        made = select(School.id).where(School.slug == "dong")
        session.execute(delete(AuditEntry).where(AuditEntry.school_id.in_(made)))
        session.execute(delete(User).where(User.school_id.in_(made)))
        session.execute(delete(School).where(School.slug == "dong"))
        hua = session.scalars(select(School).where(School.slug == "hua")).one()
        hua.name, hua.active, hua.templates_off, hua.shares = "华附小学", True, [], None


def send(client: FlaskClient, address: str, **typed: str) -> tuple[int, str]:
    mark = token(client, "/staff/schools/new")
    answer = client.post(address, data={"csrf_token": mark, **typed})
    return answer.status_code, answer.text


def test_a_school_with_its_administrator_is_added_in_one_form(
    classroom: Classroom, staff: FlaskClient
) -> None:
    status, page = send(staff, "/staff/schools/new", **NEW)
    assert status == 200
    assert "kesuan schools apply dong" in page
    written = Anatomy(staff.get("/staff/schools/dong").text).all("input")
    values = {each.get("name"): each.get("value") for each in written}
    assert (values["guaranteed"], values["partitions"]) == ("8", "class, night")
    (password,) = re.findall(r'copied">([a-z0-9]{4}-[a-z0-9]{4})<', page)
    wu = classroom.client()
    mark = token(wu, "/login")
    answer = wu.post("/login", data={"login": "wu", "password": password, "csrf_token": mark})
    assert answer.status_code == 302
    assert "吴老师" in wu.get("/").text
    assert wu.get("/staff/schools").status_code == 403
    assert "added a school" in staff.get("/audit?school=dong").text


def test_every_fault_is_beside_its_field_and_nothing_is_lost_or_added(
    classroom: Classroom, staff: FlaskClient
) -> None:
    bad = {
        "slug": "hua",
        "name": "",
        "slurm_account": "Hua School",
        "shares": "many",
        "share_hours": "-3",
        "guaranteed": "8.5",
        "partitions": "class night *",
        "admin": "li",
        "admin_name": "x" * 81,
    }
    status, page = send(staff, "/staff/schools/new", **bad)
    assert status == 422
    inputs = {each.get("name"): each for each in Anatomy(page).all("input")}
    for name, words in bad.items():
        assert inputs[name]["value"] == words
        assert inputs[name]["aria-invalid"] == "true", name
        assert f"{name}-fault1" in str(inputs[name]["aria-describedby"])
    status, _page = send(staff, "/staff/schools/new", **{**NEW, "admin": "li"})
    assert status == 422
    assert "东山小学" not in staff.get("/staff/schools").text


def test_the_list_is_searched_and_sorted(classroom: Classroom, staff: FlaskClient) -> None:
    send(staff, "/staff/schools/new", **NEW)
    names = re.compile(r'<th scope="row"><a[^>]*>([^<]*)</a>')
    found = names.findall(staff.get("/staff/schools?order=shares").text)
    assert found[0] == "东山小学"
    assert len(found) == 3
    assert names.findall(staff.get("/staff/schools?words=NAN").text) == ["南湖中学"]
    assert "No school is called so" in staff.get("/staff/schools?words=zzz").text
    assert len(names.findall(staff.get("/staff/schools?order=__class__").text)) == 3


def test_a_school_is_changed_and_its_faults_are_told(
    classroom: Classroom, staff: FlaskClient
) -> None:
    typed = {"name": "华附", "slurm_account": "hua", "shares": "16", "share_hours": ""}
    assert send(staff, "/staff/schools/hua", **typed)[0] == 303
    page = staff.get("/staff/schools/hua").text
    assert "kesuan schools apply hua" in page
    assert 'value="16"' in page
    status, page = send(staff, "/staff/schools/hua", **{**typed, "slurm_account": "nan"})
    assert status == 422
    assert "Another school has the account nan" in page
    assert staff.get("/staff/schools/none").status_code == 404


def test_nobody_of_a_school_that_is_off_comes_in_or_trains(
    classroom: Classroom, staff: FlaskClient
) -> None:
    teacher = classroom.client("li")
    assert teacher.get("/classes").status_code == 200
    with classroom.house.store.begin(EVERYONE) as session:
        session.scalars(select(School).where(School.slug == "hua")).one().active = False
    assert teacher.get("/classes").location.startswith("/login")
    mark = token(teacher, "/login")
    typed = {"login": "li", "password": PASSWORD, "csrf_token": mark}
    answer = teacher.post("/login", data=typed)
    assert answer.status_code == 401
    assert "switched off" in answer.text
    assert send(staff, "/staff/schools/hua/switch", on="on")[0] == 303
    assert teacher.post("/login", data=typed).status_code == 302


def test_who_switches_a_school_off_is_told_how_many_lessons_end(staff: FlaskClient) -> None:
    page = staff.get("/staff/schools/nan").text
    assert "0 lessons are on now" in page
    assert "1 lesson is on now" in staff.get("/staff/schools/hua").text
    assert send(staff, "/staff/schools/nan/switch", on="off")[0] == 303
    assert "0 lessons ended as if their bells rang" in staff.get("/staff/schools/nan").text
    assert send(staff, "/staff/schools/nan/switch", on="on")[0] == 303


def test_a_template_that_is_off_is_in_no_gallery_and_trains_nowhere(
    classroom: Classroom, staff: FlaskClient
) -> None:
    teacher = classroom.browser("li")
    known = [each.name for each in classroom.house.catalog.all()]
    used = [name for name in known if name != "image-classifier"]
    mark = token(staff, "/staff/schools/new")
    body = {"csrf_token": mark, "template": used}
    assert staff.post("/staff/schools/hua/templates", data=body).status_code == 303
    assert "/train/image-classifier" not in teacher.get("/templates").text
    assert "/train/tabular-classifier" in teacher.get("/templates").text
    answer = teacher.get("/train/image-classifier")
    assert answer.status_code == 404
    assert "does not use the template" in answer.text


def test_what_slurm_has_otherwise_is_shown_as_the_agent_saw_it(
    classroom: Classroom, staff: FlaskClient
) -> None:
    with classroom.house.store.begin(EVERYONE) as session:
        seen = session.get_one(ClusterView, "nodes")
        before, seen.seen_at = dict(seen.view), time.time()
        seen.view = {**before, "drift": {"hua": ["GrpTRES gres/shard: 8 → 16"]}}
    page = staff.get("/staff/schools").text
    assert page.count("differs") == 1
    assert page.count("agrees") == 1
    assert "GrpTRES gres/shard: 8 → 16" in staff.get("/staff/schools/hua").text
    with classroom.house.store.begin(EVERYONE) as session:
        session.get_one(ClusterView, "nodes").view = before
    assert "not looked yet" in staff.get("/staff/schools").text


def test_schools_are_the_staffs_alone(classroom: Classroom) -> None:
    for login in ("li", "chen", "hua-7-2-01"):
        for address in ("/staff/schools", "/staff/schools/new", "/staff/schools/hua"):
            assert classroom.browser(login).get(address).status_code == 403
