"""The command behind ``scripts/screenshots``: the pictures in the documents, of real lessons.

With `stage.walk` the one module here that needs more than Debian's Python: Playwright, Pillow and
what reads printed cards, from the venv.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from stage import accounting, school, world
from stage.checkout import ROOT, SERVICE_USER, StageError
from stage.client import Portal
from stage.site import Site
from stage.walk import LAPTOP, PHONE, Walk

NAME = "demo"
PICTURES = ROOT / "docs" / "screenshots"
FEW_SHARES = 16
COLOURS = 128  # enough for pages of few colours, and a quarter of the bytes


def main() -> int:
    world.stop_when_told()
    try:
        plan, site = world.up(NAME, print)
        # Less than the class asks for, so that the picture has seats that wait as well.
        accounting.make_account(plan, school.SLURM_ACCOUNT, FEW_SHARES, [SERVICE_USER])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            _lesson(site, browser)
            staff = school.people(site)[school.STAFF]
            Walk(site, browser, _keep).all_of_it(staff.login, staff.password)
            browser.close()
    except StageError as fault:
        print(f"screenshots: {fault}", file=sys.stderr)
        return 1
    finally:
        world.down(NAME)
    return 0


def _lesson(site: Site, browser: Browser) -> None:
    account = school.people(site)[school.TEACHER]
    teacher = Portal(site.address).log_in(account.login, account.password)
    school.school_class(site, teacher)
    school.data_sets(site, teacher, ["fashion-mnist-1000", "penguins"])
    school.end_open_lessons(teacher)
    laptop = _logged_in(browser, site, account.login, account.password, LAPTOP)
    laptop.goto("/train/image-classifier")
    _keep(laptop, "train")
    lesson = teacher.post(
        "/lessons",
        {
            "class": school.CLASS,
            "template": "image-classifier",
            "data": "fashion-mnist-1000",
            "minutes": 40,
        },
    )
    laptop.goto(f"/lessons/{lesson['id']}")
    with school.slips(site).open(newline="") as stream:
        seats = list(csv.DictReader(stream))
    phone = _logged_in(browser, site, seats[6]["login"], seats[6]["password"], PHONE)
    while not _halfway(teacher.get(f"/lessons/{lesson['id']}")):
        time.sleep(0.3)
    _keep(laptop, "class")
    phone.goto("/seat")
    _keep(phone, "seat")
    seen = teacher.get(f"/lessons/{lesson['id']}")
    while seen["live"]:
        time.sleep(1)
        seen = teacher.get(f"/lessons/{lesson['id']}")
    _keep(laptop, "class-done")
    laptop.goto(f"/runs/{seen['seats'][6]['run']}")
    _keep(laptop, "run")


def _halfway(lesson: dict[str, Any]) -> bool:
    """Some have ended, some are in the middle of their curve, and some wait."""
    running = [seat["fraction"] or 0 for seat in lesson["seats"] if seat["state"] == "running"]
    counts = lesson["counts"]
    return bool(counts["succeeded"] and counts["submitted"] and max(running, default=0) > 0.25)


def _logged_in(
    browser: Browser, site: Site, login: str, password: str, screen: ViewportSize
) -> Page:
    context = browser.new_context(base_url=site.address, locale="zh-CN", viewport=screen)
    page = context.new_page()
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)
    return page


def _keep(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # tiles and curves draw themselves
    PICTURES.mkdir(parents=True, exist_ok=True)
    _save_small(page.screenshot(), PICTURES / f"{name}.png")
    print(f"docs/screenshots/{name}.png")


def _save_small(png: bytes, file: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS)
    picture.save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
