"""A lesson as its teacher sees it in Chromium, to the model on the teacher's own machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from stage import school
from stage.checkout import ROOT

from tests.lesson import chromium
from tests.lesson.day import Day

pytestmark = [pytest.mark.cluster, pytest.mark.browser]

SCORE = ROOT / "tests" / "job_templates" / "score.py"
TRAINING_PYTHON = ROOT / "var" / "environments" / "xedu" / "bin" / "python"
PATIENCE_S = 400.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as found:
        yield found


def test_forty_tiles_turn_and_a_model_goes_home(day: Day, browser: Browser, tmp_path: Path) -> None:
    account = day.accounts[school.TEACHER]
    with chromium.visitor(browser, day.site.address) as (page, complaints):
        chromium.log_in(page, account.login, account.password)
        _launch(page)
        _watch_forty_tiles(page)
        shown = _open_seat(page, 7)
        run = page.url.rstrip("/").rsplit("/", 1)[-1]
        _download(page, run, tmp_path / "artifacts")
        assert complaints == []
    # Which pictures were held out is no secret, but only the teacher's archive holds the list.
    attempt = day.run_folder(run) / "attempt-1" / "artifacts"
    shutil.copy(attempt / "split.json", tmp_path / "artifacts")
    described = json.loads((day.run_folder(run) / "run.json").read_text())
    data = (day.run_folder(run) / described["data"]["folder"]).resolve()
    scored = subprocess.run(
        [TRAINING_PYTHON, SCORE, tmp_path, data], capture_output=True, text=True, check=True
    )
    accuracy = json.loads(scored.stdout)["accuracy"]
    assert shown == pytest.approx(100 * accuracy, abs=0.51 if shown == int(shown) else 0.051)


def _launch(page: Page) -> None:
    page.goto("/templates")
    page.locator("a[href*='/train/image-classifier']").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    # Half of what the form proposes is enough to see curves grow.
    page.locator("details.more > summary").click()
    page.locator("#p-epochs").fill("2")
    page.locator("label.choice", has=page.locator("input[name=whom]")).first.click()
    button = page.locator("#fit button[name=go]")
    expect(button).to_contain_text("40")
    button.click()
    page.wait_for_url("**/lessons/*")


def _watch_forty_tiles(page: Page) -> None:
    """Every tile passes through more than one state, and nobody reloads the page."""
    page.evaluate("window.samePage = 'yes'")
    expect(page.locator(".seats > li")).to_have_count(40)
    states: dict[str, list[str]] = defaultdict(list)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        seen = page.eval_on_selector_all(
            ".seats > li",
            "all => all.map(li => [li.dataset.seat, li.firstElementChild.className])",
        )
        for seat, name in seen:
            if name not in states[seat][-1:]:
                states[seat].append(name)
        if all(name[-1] == "tile is-succeeded" for name in states.values()):
            break
        page.wait_for_timeout(200)
    assert {names[-1] for names in states.values()} == {"tile is-succeeded"}
    assert len(states) == 40
    assert all(len(names) >= 2 for names in states.values())
    assert all("tile is-running" in names for names in states.values())
    assert page.evaluate("window.samePage") == "yes"


def _open_seat(page: Page, number: int) -> float:
    """The seat's page with its curve; the accuracy that it shows, in per cent."""
    page.locator(f".seats > li[data-seat='{number}'] a").click()
    page.wait_for_url("**/runs/*")
    expect(page.locator("#chart canvas")).to_be_visible()
    # Something was drawn: the canvas holds more than one colour.
    colours = page.eval_on_selector(
        "#chart canvas",
        """canvas => {
            const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(bytes.data.buffer)).size;
        }""",
    )
    assert colours > 10
    assert page.locator("svg.confusion rect.right").count() > 0
    return float(page.locator(".big-number").inner_text().strip().rstrip("%"))


def _download(page: Page, run: str, into: Path) -> None:
    into.mkdir()
    for name in ("model.onnx", "labels.json"):
        with page.expect_download() as download:
            page.locator(f"a[download][href*='/runs/{run}/artifacts/{name}']").click()
        download.value.save_as(into / name)
