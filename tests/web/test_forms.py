"""Forms: what was typed is kept, every fault is said beside its field, a key starts work once."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.store import EVERYONE
from portal.store.tables import Lesson, Run
from portal.web.keys import new_key
from tests.web.classroom import Classroom, penguins, token
from tests.web.pages import Anatomy

TRAIN = "/train/image-classifier"


@pytest.fixture
def teacher(classroom: Classroom) -> Iterator[FlaskClient]:
    yield classroom.browser("li")
    # Lessons of the other class come and go with each test.
    with classroom.house.store.begin(EVERYONE) as session:
        for lesson in session.scalars(select(Lesson).where(Lesson.id != classroom.lesson_id)):
            session.query(Run).filter_by(lesson_id=lesson.id).delete()
            session.delete(lesson)


def choose(classroom: Classroom, client: FlaskClient, **changes: str) -> dict[str, str]:
    choices = {
        "csrf_token": token(client, TRAIN),
        "sent": "1",
        "key": new_key(),
        "data": classroom.pictures_id,
        "whom": "7-3",
        "share": "1",
        "minutes": "40",
        "seats": "",
        "parameters.epochs": "4",
    }
    return {**choices, **changes}


def lessons(classroom: Classroom) -> int:
    with classroom.house.store.reading(EVERYONE) as session:
        return session.scalar(select(func.count()).select_from(Lesson)) or 0


def test_the_button_says_what_will_happen(classroom: Classroom, teacher: FlaskClient) -> None:
    page = teacher.get(f"{TRAIN}?whom=7-3").text
    assert "Start 36 seats" in page
    assert "4.5 GPUs" in page
    chinese = classroom.browser("li", "zh").get(f"{TRAIN}?whom=7-3").text
    assert "开始 36 个座位的训练" in chinese


def test_the_fit_follows_the_choices(classroom: Classroom, teacher: FlaskClient) -> None:
    choices = choose(classroom, teacher, seats="1-10")
    answer = teacher.post(f"{TRAIN}/fit", data=choices, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Start 10 seats" in answer.text
    assert "<html" not in answer.text
    wrong = teacher.post(f"{TRAIN}/fit", data={**choices, "seats": "ten"})
    assert "is not a seat" in wrong.text


def test_a_launch_leads_to_the_class_page(classroom: Classroom, teacher: FlaskClient) -> None:
    before = lessons(classroom)
    choices = choose(classroom, teacher)
    first = teacher.post(TRAIN, data=choices)
    again = teacher.post(TRAIN, data=choices)
    assert first.status_code == 303
    assert first.location.startswith("/lessons/")
    assert again.location == first.location
    assert lessons(classroom) == before + 1
    assert teacher.get(first.location).text.count("data-seat=") >= 36


def test_every_fault_is_beside_its_field_and_nothing_is_lost(
    classroom: Classroom, teacher: FlaskClient
) -> None:
    choices = choose(
        classroom,
        teacher,
        key="a-key-of-this-form",
        minutes="-7",
        seats="99-120",
        **{"parameters.epochs": "a lot", "parameters.learning_rate": "0.001"},
    )
    answer = teacher.post(TRAIN, data=choices)
    assert answer.status_code == 422
    inputs = [each for each in Anatomy(answer.text).all("input") if "name" in each]
    fields = {each["name"]: each.get("value") for each in inputs}
    assert fields["minutes"] == "-7"
    assert fields["seats"] == "99-120"
    assert fields["parameters.epochs"] == "a lot"
    # The next try is another request, should the first have come through after all.
    assert fields["key"] not in ("", "a-key-of-this-form")
    assert '<option value="0.001" selected>' in answer.text
    for words in ("A lesson lasts", "The class has no seat", "Please give a whole number"):
        assert words in answer.text, words
    chosen = [e for e in Anatomy(answer.text).all("input") if "checked" in e]
    assert {"data", "whom", "share"} <= {each["name"] for each in chosen}


def test_a_class_that_still_trains_is_said_on_the_form(
    classroom: Classroom, teacher: FlaskClient
) -> None:
    answer = teacher.post(TRAIN, data=choose(classroom, teacher, whom="7-2", seats="1-3"))
    assert answer.status_code == 409
    assert "still trains" in answer.text
    assert 'value="1-3"' in answer.text


def test_a_trial_run_is_the_teachers_own(classroom: Classroom, teacher: FlaskClient) -> None:
    answer = teacher.post(TRAIN, data=choose(classroom, teacher, whom="me"))
    assert answer.status_code == 303
    page = teacher.get(answer.location)
    assert page.status_code == 200
    run_id = answer.location.rsplit("/", 1)[1]
    stopped = teacher.post(
        f"/runs/{run_id}/cancel", data={"csrf_token": token(teacher, answer.location)}
    )
    assert stopped.status_code == 302
    assert 'class="state is-cancelled"' in teacher.get(answer.location).text


def test_another_table_brings_its_own_columns(classroom: Classroom, teacher: FlaskClient) -> None:
    address = "/train/tabular-classifier/settings"
    choices = choose(classroom, teacher, data=classroom.table_id)
    answer = teacher.post(address, data=choices, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'value="flipper_mm"' in answer.text
    assert 'value="species"' not in answer.text


def upload(client: FlaskClient, file_name: str, content: bytes, **fields: str) -> TestResponse:
    return client.post(
        "/data/new",
        data={
            "csrf_token": token(client, "/data/new"),
            "file": (io.BytesIO(content), file_name),
            "name": "",
            "label": "",
            "source": "",
            **fields,
        },
        content_type="multipart/form-data",
    )


def test_a_table_comes_in_and_is_shown(classroom: Classroom, teacher: FlaskClient) -> None:
    answer = upload(teacher, "Frogs.csv", penguins(30), source="our pond")
    assert answer.status_code == 303
    page = teacher.get(answer.location).text
    for words in ("Frogs", "30 rows, 5 columns, 3 classes", "our pond", "flipper_mm"):
        assert words in page, words
    removed = teacher.post(
        f"{answer.location}/remove", data={"csrf_token": token(teacher, answer.location)}
    )
    assert removed.location == "/data"
    assert teacher.get(answer.location).status_code == 404


def test_a_bad_file_is_refused_beside_the_field(teacher: FlaskClient) -> None:
    answer = upload(teacher, "x.csv", b"a,b\n1,2\n3\n", name="My frogs", label="nothing")
    assert answer.status_code == 422
    assert 'value="My frogs"' in answer.text
    assert 'class="fault"' in answer.text
    missing = teacher.post(
        "/data/new", data={"csrf_token": token(teacher, "/data/new"), "name": "Frogs"}
    )
    assert missing.status_code == 422
    assert "Please choose a file." in missing.text


def test_a_form_takes_no_flood(teacher: FlaskClient) -> None:
    answer = teacher.post("/theme", data={"theme": "x" * (2 << 20)})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_pupil_trains_again_in_the_lesson(classroom: Classroom) -> None:
    client = classroom.client("hua-7-2-01")
    page = client.get("/seat").text
    assert 'name="parameters.epochs"' in page
    # The share that is kept for the test is the teacher's to set.
    assert 'name="parameters.held_out"' not in page
    choices = {
        "csrf_token": token(client, "/seat"),
        "sent": "1",
        "key": "once-more",
        "parameters.epochs": "999",
    }
    wrong = client.post("/seat", data=choices)
    assert wrong.status_code == 422
    assert 'value="999"' in wrong.text
    right = client.post("/seat", data={**choices, "parameters.epochs": "7"})
    assert right.status_code == 303
    with classroom.house.store.begin(EVERYONE) as session:
        made = session.scalars(select(Run).order_by(Run.created_at.desc()).limit(1)).one()
        assert made.parameters["epochs"] == 7
        assert made.lesson_id == classroom.lesson_id
        session.delete(made)


def test_a_language_is_chosen_and_kept(classroom: Classroom) -> None:
    client = classroom.client("hua-7-2-02", "en")
    sent = client.post(
        "/language", data={"language": "zh", "csrf_token": token(client, "/history")}
    )
    assert sent.status_code == 302
    assert '<html lang="zh-Hans"' in client.get("/history").text
    back = client.post(
        "/language", data={"language": "en", "csrf_token": token(client, "/history")}
    )
    assert back.status_code == 302
    assert '<html lang="en"' in client.get("/history").text


def test_a_theme_is_chosen_without_scripts(classroom: Classroom) -> None:
    client = classroom.client()
    client.post("/theme", data={"theme": "dark", "csrf_token": token(client, "/login")})
    assert 'data-theme="dark"' in client.get("/login").text
