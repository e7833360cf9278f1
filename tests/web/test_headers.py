"""What every answer forbids the browser, and pages that keep to it."""

from __future__ import annotations

from tests.web.classroom import Classroom
from tests.web.pages import Anatomy, pages_of


def test_every_page_is_made_without_inline_scripts_and_styles(classroom: Classroom) -> None:
    for login, address in pages_of(classroom):
        answer = classroom.browser(login).get(address)
        assert answer.status_code == 200, address
        for tag, attributes in Anatomy(answer.text).tags:
            assert tag != "style", address
            assert "style" not in attributes, (address, tag)
            assert not [name for name in attributes if name.startswith(("on", "hx-on"))], address
            if tag == "script":
                assert attributes.get("src", "").startswith("/static/"), address


def test_every_answer_carries_the_policy(classroom: Classroom) -> None:
    client = classroom.browser("li")
    for address in ("/history", "/nowhere", "/static/app.css", f"/lessons/{classroom.lesson_id}"):
        with client.get(address) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, address
        assert "script-src 'self'" in policy, address
        assert "unsafe" not in policy, address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["X-Frame-Options"] == "DENY", address


def test_pages_are_not_kept_and_hashed_files_are(classroom: Classroom) -> None:
    client = classroom.browser("li")
    assert client.get("/history").headers["Cache-Control"] == "no-store"
    with client.get("/static/app.css?v=1") as hashed, client.get("/static/app.css") as bare:
        assert "immutable" in hashed.headers["Cache-Control"]
        assert bare.headers["Cache-Control"] == "no-cache"


def test_what_a_job_made_is_shown_in_a_sandbox(classroom: Classroom) -> None:
    client = classroom.browser("li")
    base = f"/runs/{classroom.runs['succeeded'][0]}/artifacts"
    report = client.get(f"{base}/report.html")
    assert report.status_code == 200
    assert "sandbox" in report.headers["Content-Security-Policy"]
    assert "script-src" not in report.headers["Content-Security-Policy"]
    model = client.get(f"{base}/model.onnx")
    assert model.headers["Content-Disposition"].startswith("attachment")
    assert model.content_length == len(model.data)
    assert client.get(f"{base}/predictions/000.png").mimetype == "image/png"
    assert client.get(f"{base}/../status.json").status_code == 404
    assert client.get(f"{base}/log.txt").status_code == 404


def test_every_page_can_be_used_without_a_mouse(classroom: Classroom) -> None:
    for login, address in pages_of(classroom):
        page = Anatomy(classroom.browser(login).get(address).text)
        labelled = {label.get("for") for label in page.all("label")}
        for attributes in page.all("input") + page.all("select"):
            named = attributes.get("id") in labelled or "aria-label" in attributes
            inside = attributes.get("type") in ("hidden", "radio", "checkbox")
            assert named or inside, (address, attributes)
        for picture in page.all("img"):
            assert "alt" in picture, (address, picture)
        if page.all("html"):
            assert any(link.get("href") == "#main" for link in page.all("a")), address
            assert page.all("html")[0]["lang"], address
