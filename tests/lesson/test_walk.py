"""A first day: from a school that nobody had heard of to a pupil's own model."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from stage import school
from stage.walk import CLASS, SCHOOL, Walk

from tests.lesson import chromium
from tests.lesson.day import Day

pytestmark = [pytest.mark.cluster, pytest.mark.browser]


def test_a_new_school_comes_to_its_first_model(day: Day) -> None:
    seen: dict[str, str] = {}

    def keep(page: Page, name: str) -> None:
        seen[name] = page.locator("main").inner_text()

    staff = day.accounts[school.STAFF]
    with chromium.started() as browser:
        result = Walk(day.site, browser, keep).all_of_it(staff.login, staff.password)
    assert result.endswith("%")
    assert 0 < float(result.rstrip("%")) <= 100
    assert SCHOOL in seen["walk-2-next-step"]
    assert "kesuan schools apply xinqiao" in seen["walk-2-next-step"]
    assert CLASS in seen["walk-5-class"]
