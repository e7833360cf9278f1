"""What is kept through the API: classes and their cards, schools, people, tokens with scopes."""

from __future__ import annotations

import pytest

from portal.people import card_sheet
from portal.people.commanded import note_command
from portal.people.scopes import Scope
from portal.store import EVERYONE
from portal.store.tables import School, Seat
from tests.api.conftest import PASSWORD, Caller, World, fresh_key, lesson_body


def test_a_class_is_made_opened_and_given_cards(
    world: World, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_sheet, "sheet", lambda _pack, portal: b"%PDF " + portal.encode())
    made = admin.post("/classes", {"slug": "8-1", "name": "8 (1)", "seats": 3})
    assert made.status_code == 201
    assert [seat["number"] for seat in made.json["seats"]] == [1, 2, 3]
    assert (made.json["open"], made.json["homework"]) == (False, False)
    at = f"/classes/{made.json['id']}"
    assert admin.ask("PUT", f"{at}/homework", json={"homework": True}).json["open"] is True
    assert admin.post(f"{at}/code").json["code"] != made.json["code"]
    cards = admin.post(f"{at}/cards", {"seats": [1, 3]})
    assert (cards.status_code, cards.mimetype) == (200, "application/pdf")
    with world.store.reading(EVERYONE) as session:
        seats = session.query(Seat).filter_by(class_id=made.json["id"]).order_by(Seat.number)
        assert [seat.pin_hash is not None for seat in seats] == [True, False, True]
    assert admin.post(f"{at}/cards", {"seats": [4]}).json["errors"].keys() == {"seats"}
    taken = admin.post("/classes", {"slug": "8-1", "name": "8 (1)", "seats": 3})
    assert (taken.status_code, taken.json["errors"].keys()) == (422, {"slug"})


def test_a_seat_is_not_told_the_code_of_its_class(world: World) -> None:
    assert world.hua.seat.get("/classes/7-2").json["code"] is None
    assert world.hua.teacher.get("/classes/7-2").json["code"]


def test_staff_add_change_and_switch_off_a_school(world: World) -> None:
    body = {"slug": "dong", "name": "东校", "slurm_account": "dong", "admin": "dong-admin"}
    made = world.staff.post("/schools", body)
    assert made.status_code == 201
    assert made.json["password"]
    listed = [school["slug"] for school in world.staff.get("/schools").json["items"]]
    assert sorted(listed) == ["dong", "hua", "ming"]
    changed = world.staff.ask("PATCH", "/schools/hua", json={"shares": 8})
    assert (changed.json["shares"], changed.json["name"]) == (8, "hua 小学")
    world.staff.ask("PUT", "/schools/hua/templates", json={"templates": ["tabular-classifier"]})
    shown = {each["name"] for each in world.hua.teacher.get("/templates").json["items"]}
    assert shown == {"tabular-classifier"}
    launched = world.hua.teacher.post("/lessons", lesson_body(), key=fresh_key())
    assert launched.status_code == 201
    off = world.staff.ask("PUT", "/schools/hua/active", json={"active": False})
    assert (off.json["active"], off.json["lessons_ended"]) == (False, 1)
    assert world.hua.teacher.get("/me").status_code == 401
    assert world.ming.teacher.get("/me").status_code == 200


def test_a_change_leaves_alone_what_it_does_not_name(world: World) -> None:
    """The guaranteed part and the partitions too, which the page and the command write down."""
    with world.store.begin(EVERYONE) as session:
        school = session.get_one(School, world.hua.id)
        school.shares, school.guaranteed, school.partitions = 16, 4, ["class", "night"]
    assert world.staff.ask("PATCH", "/schools/hua", json={"name": "新名"}).status_code == 200
    with world.store.reading(EVERYONE) as session:
        school = session.get_one(School, world.hua.id)
        assert (school.name, school.shares) == ("新名", 16)
        assert (school.guaranteed, school.partitions) == (4, ["class", "night"])


def test_an_administrator_keeps_the_people_of_the_own_school(world: World, admin: Caller) -> None:
    made = admin.post("/people", {"login": "sun", "name": "Sun", "role": "teacher"})
    assert (made.status_code, made.json["school"]) == (201, "hua")
    token = {"login": "sun", "password": made.json["password"]}
    world.nobody.token = world.nobody.post("/tokens", token).json["token"]
    assert world.nobody.get("/me").status_code == 200
    at = f"/people/{made.json['id']}"
    assert admin.ask("PATCH", at, json={"name": "Sun Li"}).json["name"] == "Sun Li"
    assert admin.ask("PUT", f"{at}/active", json={"active": False}).json["active"] is False
    assert world.nobody.get("/me").status_code == 401
    assert admin.post(f"{at}/password").json["password"] != made.json["password"]
    names = {each["login"] for each in admin.get("/people").json["items"]}
    assert names == {"admin-hua", "sun", "teacher-hua"}
    assert admin.post("/people", {"login": "x1", "name": "X", "role": "staff"}).status_code == 422


def test_the_audit_log_is_read_by_staff_and_administrators(world: World, admin: Caller) -> None:
    with world.store.begin(EVERYONE) as session:
        for school, what in ((world.hua.id, "runs.cancel"), (world.ming.id, "runs.retry")):
            note_command(session, "root@portal", "schools.set", school_id=school, thing=what)
    assert [each["thing"] for each in admin.get("/audit").json["items"]] == ["runs.cancel"]
    page = world.staff.get("/audit?limit=1").json
    rest = world.staff.get(f"/audit?limit=1&before={page['next']}").json
    assert {each["thing"] for each in (*page["items"], *rest["items"])} == {
        "runs.cancel",
        "runs.retry",
    }
    assert world.staff.get("/audit?school=ming").json["items"][0]["actor"] == "root@portal"
    assert world.hua.teacher.get("/audit").status_code == 403


def test_a_token_does_only_what_it_was_got_for(world: World) -> None:
    body = {"login": "teacher-hua", "password": PASSWORD, "scopes": ["read"]}
    world.nobody.token = world.nobody.post("/tokens", body).json["token"]
    assert world.nobody.get("/runs").status_code == 200
    refused = world.nobody.post("/runs/none/cancel")
    assert (refused.status_code, refused.json["code"]) == (403, "out-of-scope")
    assert 'scope="train"' in refused.headers["WWW-Authenticate"]
    assert world.nobody.ask("DELETE", "/tokens/current").status_code == 204


def test_every_change_asks_for_a_scope(world: World) -> None:
    """All but those that any token may do, and the one that gives tokens."""
    free = {"tokens.issue", "tokens.forget"}
    document = world.nobody.get("/openapi.json").json
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                asked = [scope for each in operation.get("security", []) for scope in each["token"]]
                known = [Scope(scope) for scope in asked]
                assert bool(known) != (operation["operationId"] in free), (method, path)


def test_a_schools_own_token_is_its_administrators_to_ask_for(world: World, admin: Caller) -> None:
    body = {"password": PASSWORD, "school": True, "name": "timetable"}
    assert world.nobody.post("/tokens", {**body, "login": "teacher-hua"}).status_code == 403
    made = world.nobody.post("/tokens", {**body, "login": "admin-hua"})
    assert (made.status_code, made.json["school"]) == (201, True)
    world.nobody.token = made.json["token"]
    assert world.nobody.get("/me").json["role"] == "script"
    assert made.json["id"] in {each["id"] for each in admin.get("/tokens").json["items"]}
    assert admin.ask("DELETE", f"/tokens/{made.json['id']}").status_code == 204
    assert world.nobody.get("/me").status_code == 401
