"""What a school has used, as pages and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select

from portal.store import EVERYONE
from portal.store.tables import School, SchoolClass, Usage
from portal.web.spreadsheet import harmless
from tests.web.classroom import Classroom
from tests.web.pages import SEAT


@pytest.fixture
def spent(classroom: Classroom) -> Iterator[Classroom]:
    """An hour of two eighths in each school, today; the class of one has a hostile name."""
    with classroom.house.store.begin(EVERYONE) as session:
        own = session.get_one(SchoolClass, classroom.class_id)
        name, own.name = own.name, '=HYPERLINK("http://x","七 2")'
        for number, school in enumerate(session.scalars(select(School))):
            session.add(
                Usage(
                    job_id=1,
                    task=number,
                    started_at=time.time(),
                    school_id=school.id,
                    class_id=own.id if school.id == own.school_id else None,
                    template="image-classifier",
                    eighths=2,
                    seconds=3600.0,
                )
            )
    yield classroom
    with classroom.house.store.begin(EVERYONE) as session:
        session.get_one(SchoolClass, classroom.class_id).name = name
        session.execute(delete(Usage))


def rows(classroom: Classroom, login: str, query: str = "") -> list[list[str]]:
    answer = classroom.browser(login).get(f"/usage/usage.csv{query}")
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_teacher_gets_the_schools_own(spent: Classroom) -> None:
    head, *found = rows(spent, "li")
    assert head == ["Month", "School", "Class", "Template", "Trainings", "Share-hours"]
    assert len(found) == 1
    assert found[0][3:] == ["Picture classifier", "1", "2.0"]
    assert found[0][2].startswith("'=HYPERLINK")
    page = spent.browser("li").get("/usage").text
    assert "Picture classifier" in page
    assert "for no class" not in page


def test_staff_get_every_school_or_one(spent: Classroom) -> None:
    everyone = rows(spent, "staff")[1:]
    assert len(everyone) == 2
    with spent.house.store.reading(EVERYONE) as session:
        slug = session.scalars(select(School).order_by(School.name)).first()
    assert slug is not None
    only = rows(spent, "staff", f"?school={slug.slug}")[1:]
    assert [row[1] for row in only] == [slug.name]
    assert rows(spent, "staff", "?school=nobody")[1:] == everyone
    sheet = spent.browser("staff").get("/usage/sheet").text
    assert sheet.count("For the school") == 2


def test_two_schools_of_one_name_stay_apart(spent: Classroom) -> None:
    with spent.house.store.begin(EVERYONE) as session:
        first, second = session.scalars(select(School).order_by(School.name))
        name, second.name = second.name, first.name
        other = second.id
    try:
        sheet = spent.browser("staff").get("/usage/sheet").text
        page = spent.browser("staff").get("/usage").text
    finally:
        with spent.house.store.begin(EVERYONE) as session:
            session.get_one(School, other).name = name
    assert [foot.count(">2.0<") for foot in re.findall(r"<tfoot>.*</tfoot>", sheet)] == [1, 1]
    by_school = page.split("By school", 1)[1].split("</section>", 1)[0]
    assert by_school.count("<tr><td>") == 2


def test_another_month_or_a_wrong_one_is_no_error(spent: Classroom) -> None:
    this = time.gmtime().tm_mon
    assert rows(spent, "li", f"?month={this % 12 + 1}")[1:] == []
    assert spent.browser("li").get("/usage?month=13&year=abc&school=%00").status_code == 200


def test_a_seat_does_not_see_it(classroom: Classroom) -> None:
    for address in ("/usage", "/usage/usage.csv", "/usage/sheet"):
        assert classroom.browser(SEAT).get(address).status_code == 403


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(words: str) -> None:
    assert harmless(words) == f"'{words}"
    assert harmless(f"a{words}") == f"a{words}"
