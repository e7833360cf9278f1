"""Children's data through the API: consent, terms, deletion with a receipt, all of it in a zip."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from portal.people.consent import VERSION
from portal.privacy.eraser import Eraser
from portal.store import EVERYONE
from portal.store.tables import AuditEntry, DataSet
from portal.web import noted as audit
from tests.api.conftest import Caller, World, fresh_key, lesson_body

SOON = (datetime.now(UTC) + timedelta(days=3)).date()


@pytest.fixture(autouse=True)
def _audited(world: World) -> None:
    audit.register(world.app)


def noted(world: World) -> list[tuple[str, str | None]]:
    with world.store.reading(EVERYONE) as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.at)
        return [(entry.what, entry.thing) for entry in entries]


def test_a_school_consents_and_withdraws(world: World, admin: Caller) -> None:
    at = "/schools/hua/consent"
    before = world.hua.teacher.get(at).json
    assert (before["holds"], before["version"], before["text_version"]) == (False, None, VERSION)
    assert before["text"]
    assert "监护人" in admin.get(at, headers={"Accept-Language": "zh"}).json["text"]
    assert world.hua.teacher.post(at, {"version": VERSION}).status_code == 403
    old = admin.post(at, {"version": VERSION + 1})
    assert (old.status_code, old.json["code"]) == (409, "conflict")
    assert "new text" in old.json["message"]
    assert admin.post(at, {"version": VERSION}).json["holds"] is True
    assert world.staff.get(f"/schools/{world.hua.id}/consent").json["holds"] is True
    with world.store.begin(EVERYONE) as session:
        session.get_one(DataSet, world.hua.data_set_id).personal = True
    withdrawn = admin.ask("DELETE", at).json
    assert (withdrawn["holds"], withdrawn["version"]) == (False, VERSION)
    assert withdrawn["withdrawn_by"] == withdrawn["recorded_by"]
    assert len(withdrawn["deletions"]) == 1
    about = f"school {world.hua.id}"
    assert noted(world) == [("consent.record", about), ("consent.withdraw", about)]


def test_another_schools_consent_and_terms_are_not_there(world: World, admin: Caller) -> None:
    for at in ("/schools/ming/consent", "/schools/ming/terms", "/schools/none/terms"):
        assert admin.get(at).status_code == 404
    assert admin.post("/schools/ming/consent", {"version": VERSION}).status_code == 404
    assert admin.ask("DELETE", "/schools/ming/consent").status_code == 404
    assert world.hua.seat.get("/schools/hua/consent").status_code == 403


def test_a_term_is_added_moved_and_a_class_put_into_it(world: World, admin: Caller) -> None:
    at, new = "/schools/hua/terms", {"name": "Autumn", "last_day": SOON.isoformat()}
    made = admin.post(at, new)
    assert (made.status_code, made.json["last_day"]) == (201, SOON.isoformat())
    kept = timedelta(days=world.settings.data.kept_days)
    assert made.json["deleted_on"] == (SOON + kept).isoformat()
    bad = admin.post(at, {**new, "last_day": "soon"})
    assert (bad.status_code, bad.json["errors"].keys()) == (422, {"name", "last_day"})
    term = f"/terms/{made.json['id']}"
    later = (SOON + timedelta(days=9)).isoformat()
    assert admin.ask("PATCH", term, json={"last_day": later}).json["last_day"] == later
    refused = admin.ask("PATCH", term, json={"last_day": "1999-01-01"})
    assert refused.json["errors"].keys() == {"last_day"}
    moved = admin.ask("PUT", "/classes/7-2/term", json={"term": made.json["id"]})
    assert moved.json["term"] == made.json["id"]
    assert world.hua.teacher.get("/classes/7-2").json["term"] == made.json["id"]
    listed = world.hua.teacher.get(at).json["items"]
    assert [(each["name"], each["last_day"]) for each in listed] == [("Autumn", later)]
    assert world.hua.teacher.post(at, new).status_code == 403
    assert world.staff.post(at, {**new, "name": "Spring"}).status_code == 201
    theirs = {"term": made.json["id"]}
    at = f"/classes/{world.ming.class_id}/term"
    assert world.staff.ask("PUT", at, json=theirs).status_code == 404
    deeds = noted(world)
    assert deeds[:2] == [(what, f"term {made.json['id']}") for what in ("terms.add", "terms.move")]
    assert deeds[2] == ("terms.put", f"class {world.hua.class_id}")


def erased(world: World) -> None:
    """What the agent does with what was asked for."""
    clock = [4e9]
    eraser = Eraser(world.settings.data.root, world.store, lambda: clock[0], lambda: clock[0])
    for _ in range(6):
        eraser.step()
        clock[0] += 61


def test_a_class_goes_by_its_short_name_and_leaves_a_receipt(world: World, admin: Caller) -> None:
    at = f"/deletions/class/{world.hua.class_id}"
    assert world.hua.teacher.get(at).status_code == 403
    assert world.hua.teacher.post(at, {"typed": "7-2"}).status_code == 403
    going = admin.get(at).json
    assert (going["classes"], going["seats"], going["accounts"]) == (1, 3, 3)
    assert (going["name"], going["typed"]) == ("7(2)", "7-2")
    for body in ({}, {"typed": "7-3"}):
        refused = admin.post(at, body)
        assert refused.status_code == 422
        assert refused.json["errors"] == {"typed": ["This is not its short name."]}
    asked = admin.post(at, {"typed": "7-2"})
    assert (asked.status_code, asked.json["state"], asked.json["left"]) == (202, "asked", None)
    assert admin.post(at, {"typed": "7-2"}).json["id"] == asked.json["id"]
    assert world.hua.seat.get("/me").status_code == 401
    erased(world)
    receipt = world.hua.teacher.get(f"/receipts/{asked.json['id']}").json
    assert (receipt["state"], receipt["left"], receipt["why"]) == ("done", 0, "asked")
    assert receipt["rows"]["seat"] == 3
    assert "7(2)" not in str(receipt)
    assert noted(world) == [("deletions.ask", f"class {world.hua.class_id}")] * 2


def test_a_run_a_data_set_and_a_seat_are_the_teachers_to_delete(world: World) -> None:
    teacher, body = world.hua.teacher, lesson_body()
    lesson = teacher.post("/lessons", body, key=fresh_key()).json["id"]
    run = teacher.get(f"/runs?lesson={lesson}").json["items"][0]["id"]
    seat = teacher.get("/classes/7-2").json["seats"][0]["id"]
    ids = []
    for kind, which in (("run", run), ("seat", seat), ("data", world.hua.data_set_id)):
        assert teacher.get(f"/deletions/{kind}/{which}").json["typed"] is None
        assert world.ming.teacher.post(f"/deletions/{kind}/{which}", {}).status_code == 404
        asked = teacher.post(f"/deletions/{kind}/{which}", {})
        assert asked.status_code == 202
        ids.append(asked.json["id"])
    assert teacher.get("/deletions/moon/x").status_code == 404
    page = teacher.get("/receipts?limit=2").json
    rest = teacher.get(f"/receipts?limit=2&before={page['next']}").json
    assert [each["id"] for each in (*page["items"], *rest["items"])] == ids[::-1]
    assert (len(page["items"]), rest["next"]) == (2, None)
    assert world.ming.teacher.get("/receipts").json["items"] == []
    assert world.ming.teacher.get("/receipts?school=hua").status_code == 404
    assert world.ming.teacher.get(f"/receipts?before={page['next']}").status_code == 404
    assert len(world.staff.get("/receipts?school=hua").json["items"]) == 3
    assert world.hua.seat.get("/receipts").status_code in (401, 403)


def test_a_school_goes_with_whoever_asks(world: World, admin: Caller) -> None:
    assert admin.post("/deletions/school/ming", {"typed": "ming"}).status_code == 404
    asked = admin.post("/deletions/school/hua", {"typed": "hua"})
    assert (asked.status_code, asked.json["subject"]) == (202, world.hua.id)
    assert admin.get("/me").status_code == 401
    erased(world)
    assert world.staff.get(f"/receipts/{asked.json['id']}").json["state"] == "done"


def test_a_class_and_a_school_are_taken_home(world: World, admin: Caller) -> None:
    for at, name in (("/classes/7-2", "7-2"), ("/schools/hua", "hua")):
        answer = admin.get(f"{at}/takehome.zip")
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}.zip"
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert archive.namelist()[-1] == "index.html"
    assert world.hua.teacher.get("/classes/7-2/takehome.zip").status_code == 200
    assert world.hua.teacher.get("/schools/hua/takehome.zip").status_code == 403
    assert world.hua.seat.get("/classes/7-2/takehome.zip").status_code == 403
    assert admin.get("/schools/ming/takehome.zip").status_code == 404
    assert admin.get(f"/classes/{world.ming.class_id}/takehome.zip").status_code == 404
    assert world.staff.get(f"/schools/{world.ming.id}/takehome.zip").status_code == 200
    assert noted(world) == [("takehome.of_school", f"school {world.ming.id}")]
