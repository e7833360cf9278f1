"""axe-core on every page: for each role, in both languages, by day and by night, large and small.

https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md has the rules; what it
calls serious or critical is a failure here.
"""

from __future__ import annotations

from itertools import product

from playwright.sync_api import Page

from stage.checkout import ROOT
from stage.security.browser import Windows, windows
from stage.security.outcome import Outcome, progress
from tests.lesson.chromium import LAPTOP, PHONE

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
LANGUAGES = ("zh", "en")
THEMES = ("light", "dark")
SCREENS = (LAPTOP, PHONE)
# Parts of a page, which htmx puts into another.
PARTS = ("/state", "/now", "/log")
ASK = """async () => {
    const found = await axe.run(document, { resultTypes: ['violations'] });
    return found.violations.map(({ id, impact, nodes }) => (
        { id, impact, where: nodes[0].target.join(' '), number: nodes.length }));
}"""


def tried(tries: int) -> Outcome:
    """Every page in every way; `tries` other than 0 is of how many ways."""
    outcome = Outcome()
    ways = list(product(LANGUAGES, THEMES, SCREENS))[: tries or None]
    with windows() as seen:
        pages = [(who, address) for who, address in seen.pages if not address.endswith(PARTS)]
        tell = progress("accessibility", len(ways) * len(pages))
        for language, theme, screen in ways:
            for who in dict.fromkeys(who for who, _ in pages):
                with seen.of(who, language, screen, theme) as page:
                    for address in [address for whose, address in pages if whose == who]:
                        size = "phone" if screen == PHONE else "laptop"
                        where = f"{who} {address} ({language}, {theme}, {size})"
                        _look(outcome, page, address, where)
                        tell(outcome.tries)
        outcome.seen |= {"pages": len(pages), "ways": len(ways), "found in a bad page": _bad(seen)}
    if not outcome.seen["found in a bad page"]:
        outcome.fails("axe has found nothing in a page that is bad: it was not asked")
    return outcome


def _look(outcome: Outcome, page: Page, address: str, where: str) -> None:
    answer = page.goto(address)
    # A log is no page.
    if answer is None or "html" not in answer.headers.get("content-type", ""):
        return
    outcome.tries += 1
    for found in _ask(page):
        if found["impact"] in GRAVE:
            outcome.fails(f"{where}: {found['id']}, {found['number']} times, at {found['where']}")
        else:
            outcome.count(f"less grave: {found['id']}")


def _ask(page: Page) -> list[dict[str, str | int]]:
    # The page's own policy lets no foreign script in; one that is evaluated is the browser's own.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, str | int]] = page.evaluate(ASK)
    return found


def _bad(seen: Windows) -> int:
    """What is found where everything is wrong."""
    with seen.of("nobody") as page:
        page.set_content("<input><img src=x><p style='color:#bbb;background:#fff'>words</p>")
        return len(_ask(page))
