"""A real Chromium: Debian's, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

CHROMIUM = "/usr/bin/chromium"
LAPTOP: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 360, "height": 800}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
WORDS = {"zh": "登录", "en": "Log in"}


@contextmanager
def started() -> Iterator[Browser]:
    """The browser; root may start it only without its sandbox."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def visitor(
    browser: Browser, address: str, language: str = "zh", screen: ViewportSize | None = None
) -> Iterator[tuple[Page, list[str]]]:
    """Somebody with a screen and a language; the list fills with what goes wrong on the pages."""
    context: BrowserContext = browser.new_context(
        base_url=address,
        locale=LOCALES[language],
        viewport=screen or LAPTOP,
        has_touch=screen == PHONE,
        accept_downloads=True,
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: _note(complaints, said.type, said.text))
    yield page, complaints
    context.close()


def log_in(page: Page, login: str, password: str, language: str = "zh") -> None:
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.get_by_role("button", name=WORDS[language], exact=True).click()
    page.wait_for_url(lambda address: "/login" not in address)


def _note(complaints: list[str], kind: str, text: str) -> None:
    if kind == "error":
        complaints.append(text)
