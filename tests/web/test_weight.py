"""The class page comes over a thin line: at most 150 KB, everything that it loads included."""

from __future__ import annotations

from tests.web.classroom import Classroom
from tests.web.pages import Anatomy

MOST_BYTES = 150_000


def test_the_first_load_of_the_class_page_is_light(classroom: Classroom) -> None:
    client = classroom.browser("li")
    page = client.get(f"/lessons/{classroom.lesson_id}", headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    plain = Anatomy(client.get(f"/lessons/{classroom.lesson_id}").text)
    wanted = {each["src"] for each in plain.all("script")}
    wanted |= {each["href"] for each in plain.all("link")}
    # Modules import their neighbours.
    wanted |= {"/static/js/tile.js"}
    weights = {"page": len(page.data)}
    for address in wanted:
        with client.get(str(address), headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200, address
            weights[str(address)] = len(answer.data)
    snapshot = client.get(
        f"/lessons/{classroom.lesson_id}/snapshot", headers={"Accept-Encoding": "gzip"}
    )
    weights["snapshot"] = len(snapshot.data)
    assert len(weights) >= 7
    assert sum(weights.values()) <= MOST_BYTES, weights


def test_pages_are_sent_compressed_and_events_are_not(classroom: Classroom) -> None:
    client = classroom.browser("li")
    page = client.get("/history", headers={"Accept-Encoding": "br, gzip"})
    assert page.headers["Content-Encoding"] == "br"
    stream = client.get(
        f"/lessons/{classroom.lesson_id}/events", headers={"Accept-Encoding": "br, gzip"}
    )
    assert "Content-Encoding" not in stream.headers
    stream.close()
