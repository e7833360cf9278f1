"""One's own account: the password that an administrator handed over becomes one's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.people import passwords
from portal.store import EVERYONE
from portal.store.tables import User
from tests.web.classroom import PASSWORD, Classroom, token

NEW = "four words are enough"


@pytest.fixture
def li(classroom: Classroom) -> Iterator[FlaskClient]:
    yield classroom.client("li")
    with classroom.house.store.begin(EVERYONE) as session:
        mine = update(User).where(User.login == "li").values(way="local", subject=None)
        session.execute(mine.values(password_hash=passwords.hash_password(PASSWORD)))


def send(client: FlaskClient, before: str, wanted: str, again: str) -> tuple[int, str]:
    body = {"before": before, "wanted": wanted, "again": again}
    mark = token(client, "/account")
    answer = client.post("/account", data={"csrf_token": mark, **body})
    return answer.status_code, answer.text


def test_a_new_password_opens_the_door_and_the_old_one_does_not(
    classroom: Classroom, li: FlaskClient
) -> None:
    assert send(li, PASSWORD, NEW, NEW)[0] == 303
    door = classroom.house.door
    with classroom.house.store.reading(EVERYONE) as session:
        user_id = session.scalars(select(User.id).where(User.login == "li")).one()
    assert door.authenticate("li", NEW) == user_id
    assert send(li, PASSWORD, "another one", "another one")[0] == 422


@pytest.mark.parametrize(
    ("before", "wanted", "again", "said"),
    [
        ("not mine", NEW, NEW, "do not go together"),
        (PASSWORD, "short", "short", "Use 8 to 256 characters"),
        (PASSWORD, NEW, NEW + "!", "not the same password"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(
    classroom: Classroom, li: FlaskClient, before: str, wanted: str, again: str, said: str
) -> None:
    status, page = send(li, before, wanted, again)
    assert status == 422
    assert said in page
    for secret in (before, wanted, again):
        assert secret not in page
    assert classroom.house.door.authenticate("li", PASSWORD)


def test_people_of_a_directory_and_seats_have_no_password_here(
    classroom: Classroom, li: FlaskClient
) -> None:
    assert classroom.browser("hua-7-2-01").get("/account").status_code == 403
    mark = token(li, "/account")
    with classroom.house.store.begin(EVERYONE) as session:
        session.execute(update(User).where(User.login == "li").values(way="ldap", subject="u"))
    assert "is changed there" in li.get("/account").text
    body = {"csrf_token": mark, "before": PASSWORD, "wanted": NEW, "again": NEW}
    assert li.post("/account", data=body).status_code == 403
