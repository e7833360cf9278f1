"""Data sets come in over the API, and faults come back beside the field."""

from __future__ import annotations

import io

from portal.people.consent import VERSION
from portal.store import EVERYONE
from portal.store.tables import Consent
from tests.api.conftest import World
from tests.datasets.corpus import album, packed

CSV = "long,wide,kind\n" + "".join(f"{n},{n * 2},{'ab'[n % 2]}\n" for n in range(60))


def test_a_table_is_brought_in_and_the_same_content_is_kept_once(world: World) -> None:
    first = _upload(world, CSV.encode(), name="Leaves")
    again = _upload(world, CSV.encode(), name="Leaves, once more")
    assert first.status_code == again.status_code == 201, first.json
    assert first.json["content"]["rows"] == 60
    assert first.json["sha256"] == again.json["sha256"]
    names = {item["name"] for item in world.hua.teacher.get("/datasets?kind=table").json["items"]}
    assert "Leaves" in names
    assert world.ming.teacher.get(f"/datasets/{first.json['id']}").status_code == 404


def test_a_table_with_ragged_rows_is_refused_in_words(world: World) -> None:
    answer = _upload(world, b"long,wide,kind\n1,2,a\n1,2\n1,2,b,9\n", name="Torn")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["file"]


def test_an_upload_without_a_file_is_refused(world: World) -> None:
    answer = world.hua.teacher.ask("POST", "/datasets", data={"name": "Nothing"})
    assert answer.status_code == 422
    assert answer.json["errors"] == {"file": ["Missing data for required field."]}


def test_people_come_in_with_an_answer_and_a_consent_alone(world: World) -> None:
    unanswered = _upload(world, packed(album()), name="Us")
    assert unanswered.status_code == 422
    assert list(unanswered.json["errors"]) == ["personal"]
    nobody = _upload(world, packed(album()), name="Cats", personal="false")
    assert (nobody.status_code, nobody.json["personal"]) == (201, False)
    asked = {"personal": "true", "class": world.hua.class_id}
    refused = _upload(world, packed(album()), name="Us", **asked)
    assert refused.status_code == 422
    assert "has not recorded its consent" in refused.json["errors"]["personal"][0]
    with world.store.begin(EVERYONE) as session:
        said = {"recorded_by": "head", "recorded_at": 1.0, "version": VERSION}
        session.add(Consent(school_id=world.hua.id, **said))
    strange = _upload(world, packed(album()), name="Us", **asked | {"class": world.ming.class_id})
    assert list(strange.json["errors"]) == ["class"]
    taken = _upload(world, packed(album()), name="Us", **asked)
    assert (taken.status_code, taken.json["personal"]) == (201, True)


def test_a_seat_brings_nothing_in(world: World) -> None:
    answer = world.hua.seat.ask(
        "POST", "/datasets", data={"file": (io.BytesIO(CSV.encode()), "a.csv")}
    )
    assert answer.status_code == 403


def _upload(world: World, content: bytes, **fields: str):  # type: ignore[no-untyped-def]
    data = {**fields, "file": (io.BytesIO(content), "table.csv")}
    return world.hua.teacher.ask("POST", "/datasets", data=data)
