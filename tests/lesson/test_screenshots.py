"""Every page in both languages on a phone and on a school laptop: whole, and kept as a picture."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from stage import school
from stage.checkout import VAR

from tests.lesson import chromium
from tests.lesson.day import Day, taking_part

pytestmark = [pytest.mark.cluster, pytest.mark.browser]

PICTURES = VAR / "screenshots"
SCREENS = {"phone": chromium.PHONE, "laptop": chromium.LAPTOP}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as found:
        yield found


@pytest.fixture(scope="module")
def places(_day: Day) -> dict[str, str]:
    """Addresses with something to see behind them."""
    school.end_open_lessons(_day.teacher)
    lesson = _day.launch("image-classifier", "fashion-mnist-1000", seats=[1, 2, 3])
    run = taking_part(_day.ended(lesson["id"]))[0]["run"]
    table = next(d for d in _day.teacher.get("/datasets")["items"] if d["slug"] == "penguins")
    pictures = next(d for d in _day.teacher.get("/datasets")["items"] if d["kind"] == "pictures")
    return {
        "home": "/",
        "templates": "/templates",
        "train-pictures": "/train/image-classifier",
        "train-table": "/train/tabular-classifier",
        "classes": "/classes",
        "class": f"/classes/{lesson['class']}",
        "class-code": f"/classes/{lesson['class']}/code",
        "class-cards": f"/classes/{lesson['class']}/cards",
        "lesson": f"/lessons/{lesson['id']}",
        "run": f"/runs/{run}",
        "history": "/history",
        "data": "/data",
        "data-new": "/data/new",
        "data-table": f"/data/{table['id']}",
        "data-pictures": f"/data/{pictures['id']}",
        "nothing-here": "/lessons/none",
    }


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", list(SCREENS))
def test_pages_are_whole(
    day: Day, browser: Browser, places: dict[str, str], screen: str, language: str
) -> None:
    faults: list[str] = []
    size = SCREENS[screen]
    teacher, staff = day.accounts[school.TEACHER], day.accounts[school.STAFF]
    with school.slips(day.site).open(newline="") as stream:
        seat = next(csv.DictReader(stream))
    visits = (
        (teacher.login, teacher.password, places),
        (staff.login, staff.password, {"cluster": "/cluster", "staff-home": "/"}),
        (seat["login"], seat["password"], {"seat": "/seat", "seat-history": "/history"}),
    )
    for login, password, addresses in visits:
        with chromium.visitor(browser, day.site.address, language, size) as (page, complaints):
            page.goto("/login")
            _keep(page, screen, language, "login", faults)
            page.goto("/sit#k7m2px.07.123456")
            _keep(page, screen, language, "sit", faults)
            chromium.log_in(page, login, password, language)
            for name, address in addresses.items():
                answer = page.goto(address)
                wanted = 404 if name == "nothing-here" else 200
                if answer is None or answer.status != wanted:
                    faults.append(f"{name}: {answer.status if answer else 'no answer'}")
                _keep(page, screen, language, name, faults)
            # A page that is not there is told by the browser as an error of its own.
            faults += [said for said in complaints if "404" not in said]
    assert faults == []


def _keep(page: Page, screen: str, language: str, name: str, faults: list[str]) -> None:
    page.wait_for_timeout(300)  # a chart draws itself, a picture arrives
    wide = page.evaluate(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wide > 0:
        faults.append(f"{name} is {wide} pixels wider than a {screen}")
    file = PICTURES / screen / language / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, full_page=True)
