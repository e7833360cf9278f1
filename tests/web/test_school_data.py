"""The pages of children's data: consent, terms, and deletion with a receipt."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from PIL import Image

from portal.people.consent import VERSION
from portal.privacy.eraser import Eraser
from portal.store import EVERYONE
from portal.store.tables import AuditEntry, DataSet, Run, Seat
from tests.web.classroom import SHAPES, Classroom, build, token

PAGE = "/school/data"


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """One of this file's own; the last test takes the class away."""
    return build(tmp_path_factory.mktemp("school-data"), seats=4)


@pytest.fixture
def admin(classroom: Classroom) -> FlaskClient:
    return classroom.browser("chen")


def post(client: FlaskClient, address: str, **fields: str) -> tuple[int, str]:
    answer = client.post(address, data={"csrf_token": token(client, "/classes"), **fields})
    return answer.status_code, answer.location or answer.text


def pictures() -> bytes:
    """A zip of grey squares, none like another."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(12):
            square = io.BytesIO()
            Image.new("L", (8, 8), 20 * number).save(square, "PNG")
            archive.writestr(f"{SHAPES[number % 2]}/{number}.png", square.getvalue())
    return out.getvalue()


def upload(client: FlaskClient, **fields: str) -> tuple[int, str]:
    answer = client.post(
        "/data/new",
        data={
            "csrf_token": token(client, "/data/new"),
            "file": (io.BytesIO(pictures()), "us.zip"),
            "name": "Us",
            **fields,
        },
        content_type="multipart/form-data",
    )
    return answer.status_code, answer.location or answer.text


def test_faces_come_in_with_a_consent_alone(classroom: Classroom, admin: FlaskClient) -> None:
    teacher = classroom.browser("li")
    status, page = upload(teacher)
    assert status == 422
    assert "Say whether people are to be seen" in page
    people = {"personal": "yes", "class": classroom.class_id}
    status, page = upload(teacher, **people)
    assert status == 422
    assert "has not recorded its consent" in page
    assert f'href="{PAGE}"' in page
    assert post(teacher, f"{PAGE}/consent", version=str(VERSION))[0] == 403
    assert post(admin, f"{PAGE}/consent", version="0")[0] == 409
    assert post(admin, f"{PAGE}/consent", version=str(VERSION))[0] == 303
    assert upload(teacher, personal="yes")[0] == 422
    status, address = upload(teacher, **people)
    assert status == 303
    assert "are to be seen or heard" in teacher.get(address).text
    # Who is to be seen is nobody's of another class.
    assert classroom.browser("hua-7-2-01").get(address).status_code == 404
    assert post(admin, f"{PAGE}/consent/withdraw")[0] == 303
    assert upload(teacher, **people)[0] == 422
    assert "a data set" in admin.get(PAGE).text


def test_a_term_is_added_and_moved_with_faults_beside_the_field(
    classroom: Classroom, admin: FlaskClient
) -> None:
    status, page = post(admin, f"{PAGE}/terms", name="Autumn", last_day="tomorrow")
    assert status == 422
    assert 'value="tomorrow"' in page
    assert 'class="fault"' in page
    soon = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert post(admin, f"{PAGE}/terms", name="Autumn", last_day=soon)[0] == 303
    page = admin.get(PAGE).text
    term_id = page.split("/school/data/terms/", 1)[1].split('"', 1)[0]
    status, page = post(admin, f"{PAGE}/terms/{term_id}", last_day="1999-01-01")
    assert status == 422
    assert 'value="1999-01-01"' in page
    assert post(admin, f"{PAGE}/classes/{classroom.class_id}", term=term_id)[0] == 303
    assert "everything of the class is deleted on" in (
        classroom.browser("li").get(f"/classes/{classroom.class_id}").text
    )
    assert post(classroom.browser("li"), f"{PAGE}/terms", name="x", last_day=soon)[0] == 403


def test_a_data_set_a_run_and_a_seat_are_asked_about(
    classroom: Classroom, admin: FlaskClient
) -> None:
    teacher = classroom.browser("li")
    with classroom.house.store.reading(EVERYONE) as session:
        run, seat = session.query(Run).first(), session.query(Seat).filter_by(number=4).first()
        centre = session.query(DataSet).filter_by(school_id=None).first()
    assert run
    assert seat
    assert centre
    for kind, which in (("run", run.id), ("seat", seat.id)):
        assert "This goes" in teacher.get(f"{PAGE}/delete/{kind}/{which}").text
        assert post(teacher, f"{PAGE}/delete/{kind}/{which}")[0] == 303
    for kind, which in (("data", centre.id), ("moon", "x"), ("run", "x"), ("seat", "x")):
        assert teacher.get(f"{PAGE}/delete/{kind}/{which}").status_code == 404


def test_staff_see_every_school_and_pupils_none(classroom: Classroom) -> None:
    page = classroom.browser("staff").get(PAGE).text
    assert "华附小学" in page
    assert "南湖中学" in page
    one = classroom.browser("staff").get(f"{PAGE}?school=hua").text
    assert "七年级 2 班" in one
    assert classroom.browser("staff").get(f"{PAGE}?school=none").status_code == 404
    for address in (PAGE, f"{PAGE}/consent"):
        assert classroom.browser("hua-7-2-01").get(address).status_code == 403
    assert "监护人" in classroom.browser("chen", "zh").get(f"{PAGE}/consent").text


class Links(HTMLParser):
    """What a page would load or lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        assert tag not in ("script", "link", "iframe"), tag


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_class_is_taken_home_and_opens_without_the_portal(
    classroom: Classroom, language: str
) -> None:
    address = f"{PAGE}/classes/{classroom.class_id}/takehome.zip"
    answer = classroom.browser("li", language).get(address)
    assert answer.headers["Content-Disposition"] == "attachment; filename=7-2.zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        page = archive.read("index.html").decode()
    links = {unquote(link) for link in Links(page).found}
    assert links <= names
    # A set of pictures, and of each trained seat its model, its curve and its log.
    assert {PurePosixPath(link).name for link in links} >= {
        *("pictures.zip", "contact-sheet.webp", "model.onnx", "log.txt", "metrics.jsonl"),
    }
    assert "http" not in page
    assert "<polyline" in page
    assert ("座位" if language == "zh" else "Seat") in page
    assert classroom.browser("hua-7-2-01").get(address).status_code == 403
    whole = f"{PAGE}/takehome.zip"
    assert classroom.browser("li").get(whole).status_code == 403
    with zipfile.ZipFile(io.BytesIO(classroom.browser("chen").get(whole).data)) as archive:
        assert names <= {*archive.namelist()}


def test_a_class_goes_and_leaves_a_receipt(classroom: Classroom, admin: FlaskClient) -> None:
    address = f"{PAGE}/delete/class/{classroom.class_id}"
    assert classroom.browser("li").get(address).status_code == 403
    assert "4 trainings" in admin.get(address).text
    status, page = post(admin, address, typed="7-3")
    assert status == 422
    assert "This is not its short name." in page
    with classroom.house.store.begin(EVERYONE) as session:
        for run in session.query(Run):
            run.state = "succeeded"
    status, receipt = post(admin, address, typed="7-2")
    assert status == 303
    assert "being deleted" in admin.get(receipt).text or "asked for" in admin.get(receipt).text
    clock = [4e9]
    root = classroom.house.settings.data.root
    eraser = Eraser(root, classroom.house.store, lambda: clock[0], lambda: clock[0])
    for _ in range(6):
        eraser.step()
        clock[0] += 61
    page = admin.get(receipt).text
    assert "Deleted, and looked for again: 0 left." in page
    assert "7-2" not in page
    assert admin.get(f"/classes/{classroom.class_id}").status_code == 404
    assert not list((root / "runs").glob("*/*"))
    with classroom.house.store.reading(EVERYONE) as session:
        said = session.query(AuditEntry).filter_by(what="school_data.erase")
        assert f"class {classroom.class_id}" in {entry.thing for entry in said}
