"""A first day with the portal in a browser, in Chinese, as people have it who never saw it before.

Staff add a school, its administrator adds a teacher and a class, the teacher prints cards and
starts a lesson, and a pupil sits down and trains. Whoever walks says what to do with each page.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import zxingcpp
from playwright.sync_api import Browser, Page, ViewportSize

from stage import services
from stage.checkout import StageError
from stage.site import Site
from stage.terminal import kesuan

LAPTOP: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 360, "height": 800}
SCHOOL, ADMIN, TEACHER = "新桥实验小学", "赵主任", "王老师"
CLASS, CLASS_SLUG = "四年级 1 班", "4-1"
PUPILS = ("白小鸥", "陈一鸣", "丁子涵", "高语桐", "何沐阳", "江若曦")
SEAT = 3
TRAINED_MS = 180_000.0

Keep = Callable[[Page, str], None]


@dataclass(frozen=True)
class Card:
    """What is printed for one seat."""

    code: str
    seat: str
    pin: str


@dataclass(frozen=True)
class Walk:
    """The way of one new school. `keep` gets each page that is worth a look, and its name."""

    site: Site
    browser: Browser
    keep: Keep

    def all_of_it(self, staff: str, password: str) -> str:
        """From the first click of staff to the pupil's result, which is given back as it is shown.

        Takes a second or two of training for each seat. Raises StageError where Slurm's own
        command fails, and Playwright's errors where a page is not what a person expects.
        """
        slug = self._free_slug()
        with self._somebody(staff, password) as page:
            admin = self._adds_a_school(page, slug)
        self._tells_slurm(slug)
        with self._somebody(f"{slug}-admin", admin) as page:
            teacher = self._adds_a_teacher(page, slug)
            self._imports_a_class(page)
        with self._somebody(f"{slug}-wang", teacher) as page:
            cards = self._prints_cards(page)
            self._starts_a_lesson(page)
            with self._visitor(PHONE) as phone:
                result = self._sits_down_and_trains(phone, cards[SEAT - 1])
            page.locator(f".seats > li[data-seat='{SEAT}'] .tile.is-succeeded").wait_for()
            self.keep(page, "walk-8-lesson")
        return result

    def _adds_a_school(self, page: Page, slug: str) -> str:
        page.goto("/staff/schools")
        page.locator("a[href='/staff/schools/new']").click()
        for field, words in {
            "name": SCHOOL,
            "slug": slug,
            "slurm_account": slug,
            "shares": "16",
            "share_hours": "400",
            "admin": f"{slug}-admin",
            "admin_name": ADMIN,
        }.items():
            page.fill(f"#{field}", words)
        self.keep(page, "walk-1-school")
        page.locator("main form.card button.main").click()
        self.keep(page, "walk-2-next-step")
        return _shown_password(page)

    def _tells_slurm(self, slug: str) -> None:
        """What the page says that an operator of Slurm types: here that is root."""
        done = subprocess.run(
            [str(services.PYTHON_BIN / "kesuan"), "schools", "apply", slug, "--yes"],
            env=services.environment(self.site),
            cwd=self.site.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StageError(f"kesuan schools apply: {done.stderr.strip()}")

    def _adds_a_teacher(self, page: Page, slug: str) -> str:
        page.goto("/people/new")
        page.fill("#login", f"{slug}-wang")
        page.fill("#name", TEACHER)
        page.select_option("#role", "teacher")
        self.keep(page, "walk-3-teacher")
        page.locator("main form.card button.main").click()
        return _shown_password(page)

    def _imports_a_class(self, page: Page) -> None:
        page.goto("/classes/new")
        page.fill("#roster", "\n".join(PUPILS))
        page.fill("#name", CLASS)
        page.fill("#slug", CLASS_SLUG)
        self.keep(page, "walk-4-class")
        page.locator("#new-class button.main").click()
        page.locator("[data-class]").wait_for()

    def _prints_cards(self, page: Page) -> list[Card]:
        page.goto("/classes")
        page.locator("main a", has_text=CLASS).first.click()
        self.keep(page, "walk-5-class")
        page.locator("a[href$='/cards']").first.click()
        with page.expect_download() as download:
            page.locator("main form button.main").click()
        return _read(Path(download.value.path()))

    def _starts_a_lesson(self, page: Page) -> None:
        page.goto("/train/image-classifier")
        page.locator("label.choice", has_text=CLASS).click()
        page.locator("#fit button[name=go]:enabled").wait_for()
        self.keep(page, "walk-6-train")
        page.locator("#fit button[name=go]").click()
        page.wait_for_url("**/lessons/*")

    def _sits_down_and_trains(self, page: Page, card: Card) -> str:
        page.goto("/sit")
        page.fill("#sit-code", card.code)
        page.fill("#sit-seat", card.seat)
        page.fill("#sit-pin", card.pin)
        page.locator("form.sit button.main").click()
        page.wait_for_url("**/seat")
        result = page.locator(".big-number")
        result.wait_for(timeout=TRAINED_MS)
        self.keep(page, "walk-7-seat")
        return result.inner_text()

    def _free_slug(self) -> str:
        taken = {one["slug"] for one in json.loads(kesuan(self.site, "schools", "list", "--json"))}
        return next(
            slug for n in range(1, 100) if (slug := f"xinqiao{n if n > 1 else ''}") not in taken
        )

    @contextmanager
    def _visitor(self, screen: ViewportSize) -> Iterator[Page]:
        context = self.browser.new_context(
            base_url=self.site.address, locale="zh-CN", viewport=screen, accept_downloads=True
        )
        try:
            yield context.new_page()
        finally:
            context.close()

    @contextmanager
    def _somebody(self, login: str, password: str) -> Iterator[Page]:
        with self._visitor(LAPTOP) as page:
            page.goto("/login")
            page.fill("#login", login)
            page.fill("#password", password)
            page.press("#password", "Enter")
            page.wait_for_url(lambda address: "/login" not in address)
            yield page


def _shown_password(page: Page) -> str:
    return page.locator("[aria-labelledby=password] code").nth(1).inner_text()


def _read(pdf: Path) -> list[Card]:
    """The cards as the camera of a phone reads them, by seat."""
    printed = pypdfium2.PdfDocument(pdf)
    read = [
        each.text
        for page in printed
        for each in zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    ]
    printed.close()
    cards = [Card(*text.partition("#")[2].split(".")) for text in read]
    return sorted(cards, key=lambda card: int(card.seat))
