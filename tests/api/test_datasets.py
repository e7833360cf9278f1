"""Data sets come in over the API, and faults come back beside the field."""

from __future__ import annotations

import io

from tests.api.conftest import World

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


def test_a_seat_brings_nothing_in(world: World) -> None:
    answer = world.hua.seat.ask(
        "POST", "/datasets", data={"file": (io.BytesIO(CSV.encode()), "a.csv")}
    )
    assert answer.status_code == 403


def _upload(world: World, content: bytes, **fields: str):  # type: ignore[no-untyped-def]
    data = {**fields, "file": (io.BytesIO(content), "table.csv")}
    return world.hua.teacher.ask("POST", "/datasets", data=data)
