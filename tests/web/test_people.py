"""The pages of people: by staff for everybody, by a school's administrators for their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from portal.store import EVERYONE
from portal.store.tables import User
from tests.web.classroom import Classroom, token
from tests.web.pages import Anatomy

NEW = {"login": "zhou", "name": "周老师", "role": "teacher"}


@pytest.fixture
def admin(classroom: Classroom) -> Iterator[FlaskClient]:
    yield classroom.browser("chen")
    with classroom.house.store.begin(EVERYONE) as session:
        session.execute(delete(User).where(User.login == "zhou"))
        li = update(User).where(User.login == "li")
        session.execute(li.values(active=True, way="local", subject=None))


def send(client: FlaskClient, address: str, **typed: str) -> tuple[int, str]:
    mark = token(client, "/people/new")
    answer = client.post(address, data={"csrf_token": mark, **typed})
    return answer.status_code, answer.text


def id_of(classroom: Classroom, login: str) -> str:
    with classroom.house.store.reading(EVERYONE) as session:
        return session.scalars(select(User.id).where(User.login == login)).one()


def test_an_administrator_adds_a_teacher_who_logs_in(
    classroom: Classroom, admin: FlaskClient
) -> None:
    status, page = send(admin, "/people/new", **NEW)
    assert status == 200
    (password,) = re.findall(r'copied">([a-z0-9]{4}-[a-z0-9]{4})<', page)
    zhou = classroom.client()
    mark = token(zhou, "/login")
    typed = {"login": "zhou", "password": password, "csrf_token": mark}
    assert zhou.post("/login", data=typed).status_code == 302
    assert zhou.get("/people").status_code == 403
    assert "周老师" in admin.get("/people?words=周").text
    # The page that came is the only one that ever has the password.
    assert password not in admin.get(f"/people/{id_of(classroom, 'zhou')}").text


def test_faults_are_beside_their_fields_and_what_was_typed_stays(
    classroom: Classroom, admin: FlaskClient
) -> None:
    status, page = send(admin, "/people/new", login="li", name="", role="staff")
    assert status == 422
    inputs = {each.get("name"): each for each in Anatomy(page).all("input")}
    assert inputs["login"]["value"] == "li"
    assert inputs["login"]["aria-invalid"] == inputs["name"]["aria-invalid"] == "true"
    (role,) = [each for each in Anatomy(page).all("select") if each.get("name") == "role"]
    assert role["aria-invalid"] == "true"


def test_another_schools_people_are_not_there(classroom: Classroom, admin: FlaskClient) -> None:
    stranger = id_of(classroom, "staff")
    seat = id_of(classroom, "hua-7-2-01")
    for user_id in (stranger, seat, "no-such-id"):
        assert admin.get(f"/people/{user_id}").status_code == 404
        for deed in ("", "/switch", "/password"):
            assert send(admin, f"/people/{user_id}{deed}", name="X", role="teacher")[0] == 404
    page = admin.get("/people").text
    assert "运维老师" not in page
    assert "hua-7-2-01" not in page


def test_who_is_kept_out_is_out_at_once(classroom: Classroom, admin: FlaskClient) -> None:
    teacher, li = classroom.client("li"), id_of(classroom, "li")
    assert send(admin, f"/people/{li}/switch", on="off")[0] == 303
    assert teacher.get("/classes").location.startswith("/login")
    assert "kept out" in admin.get(f"/people/{li}").text
    assert send(admin, f"/people/{li}/switch", on="on")[0] == 303
    assert teacher.get("/classes").status_code == 200


def test_oneself_and_people_of_the_directory_are_refused_with_a_sentence(
    classroom: Classroom, admin: FlaskClient
) -> None:
    status, page = send(admin, f"/people/{id_of(classroom, 'chen')}/switch", on="off")
    assert status == 409
    assert "You cannot keep yourself out" in page
    with classroom.house.store.begin(EVERYONE) as session:
        li = update(User).where(User.login == "li").values(way="ldap", subject="u-1")
        session.execute(li)
    address = f"/people/{id_of(classroom, 'li')}"
    page = admin.get(address).text
    assert "Known by the directory" in page
    assert "New password" not in page
    assert send(admin, f"{address}/password")[0] == 409


def test_staff_move_somebody_and_see_whom_they_look_for(
    classroom: Classroom, admin: FlaskClient
) -> None:
    send(admin, "/people/new", **NEW)
    staff, zhou = classroom.browser("staff"), id_of(classroom, "zhou")
    moved = {"name": "周老师", "role": "school_admin", "school": "nan"}
    assert send(staff, f"/people/{zhou}", **moved)[0] == 303
    assert "周老师" in staff.get("/people?school=nan&role=school_admin").text
    assert "周老师" not in staff.get("/people?school=hua").text
    assert admin.get(f"/people/{zhou}").status_code == 404


def test_people_are_for_those_who_keep_them(classroom: Classroom) -> None:
    for login in ("li", "hua-7-2-01"):
        for address in ("/people", "/people/new"):
            assert classroom.browser(login).get(address).status_code == 403
