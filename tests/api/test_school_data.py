"""Children's data through the API: consent, terms, deletion with a receipt, all of it in a zip."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.people.consent import VERSION
from portal.store import EVERYONE
from portal.store.tables import AuditEntry, DataSet
from portal.web import noted as audit
from tests.api.conftest import Caller, World

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
