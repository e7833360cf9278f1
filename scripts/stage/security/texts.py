"""Hostile texts in every place that shows a text, looked at in a real Chromium.

A round puts some of the texts, side by side, into every place that keeps one, into addresses that
answer with what they were asked for, and into the forms that come back with what was typed; then
everybody opens their pages. Nothing may run, and no element may come of a text. A page of the same
texts with nothing escaped shows that the browser would be seen to do both.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice
from urllib.parse import quote

from playwright.sync_api import Dialog, Error, Page, Request

from stage.security.browser import Windows, windows
from stage.security.outcome import Outcome, progress
from stage.security.poisoned import SPACE, poison, unknown_columns
from stage.security.words import TO_BROWSERS, TO_OTHERS, hostile

AT_ONCE = 25
LONGEST = 300  # of a text that is put into an address
# Addresses that show what they were asked for, by who opens them.
ECHOES = (
    ("nobody", "/login?next={}"),
    ("teacher", "/history?state={}&template={}"),
    ("teacher", "/train/image-classifier?data={}"),
    ("teacher", "/runs/{}"),
    ("staff", "/audit?actor={}&what={}"),
    ("staff", "/usage?school={}&year={}"),
)
# Forms that come back with what was typed.
FORMS = (
    ("nobody", "/login"),
    ("nobody", "/sit"),
    ("admin", "/classes/new"),
    ("teacher", "/data/new"),
    ("teacher", "/train/image-classifier"),
)
FILL = """text => {
    const form = [...document.querySelectorAll('form')].find(
        form => form.querySelector('input:not([type=hidden])') && form.closest('main'));
    if (!form) return false;
    form.noValidate = true;
    for (const field of form.querySelectorAll('input, textarea')) {
        if (['hidden', 'file', 'radio', 'checkbox', 'submit'].includes(field.type)) continue;
        field.removeAttribute('maxlength');
        field.type = 'text';
        field.value = text;
    }
    HTMLFormElement.prototype.submit.call(form);
    return true;
}"""
# What is there that no template has made.
FOUND = """() => {
    const found = [];
    if (window.owned) found.push('a script ran');
    for (const element of document.querySelectorAll('*')) {
        const name = element.localName;
        if (element.classList.contains('owned')) found.push(`<${name} class=owned>`);
        if (['iframe', 'object', 'embed', 'base', 'math', 'style'].includes(name)) {
            found.push(`<${name}>`);
        }
        if (name === 'meta' && element.httpEquiv === 'refresh') found.push('<meta refresh>');
        if (name === 'script' && !element.src.startsWith(location.origin + '/static/')) {
            found.push('<script>');
        }
        for (const attribute of element.attributes) {
            const value = attribute.value.trim().toLowerCase();
            if (/^on|^hx-on/.test(attribute.name)) found.push(attribute.name);
            if (['href', 'src', 'action', 'formaction'].includes(attribute.name)
                && /^(javascript|vbscript|data:text)/.test(value)) found.push(value);
        }
    }
    return [...new Set(found)];
}"""


def tried(tries: int) -> Outcome:
    """So many texts in every place; the tries are texts times pages that were looked at."""
    outcome, tell = Outcome(), progress("texts", tries)
    for column in sorted(unknown_columns()):
        outcome.fails(f"nobody has said whether {column} keeps what people type")
    with windows() as seen:
        places: set[str] = set()
        shown: set[str] = set()
        texts = hostile(tries, of=(*TO_BROWSERS, *TO_OTHERS))
        done, languages = 0, cycle(("en", "zh"))
        while some := [_shown(text) for text in islice(texts, AT_ONCE)]:
            places |= poison(seen.scene, some)
            for where, words, content in _look(seen, some, next(languages)):
                outcome.tries += len(some)
                outcome.count("pages")
                shown |= {place for place in places if f"‹{place}›" in content}
                for each in words:
                    outcome.fails(f"{where}: {each}")
            seen.scene.undo()
            done += len(some)
            tell(done)
        outcome.seen |= {"places written": len(places), "places shown": len(shown)}
        outcome.seen["not shown"] = " ".join(sorted(places - shown))
        outcome.seen["seen where nothing is escaped"] = _unescaped(seen)
    if not outcome.seen["seen where nothing is escaped"]:
        outcome.fails("not even a page that escapes nothing was seen to run a text")
    return outcome


def _shown(text: str) -> str:
    """The text as a database and a file can hold it."""
    return text.encode("utf-8", "replace").decode().replace("\0", "␀")[:2000]


def _look(seen: Windows, some: list[str], language: str) -> Iterator[tuple[str, list[str], str]]:
    """Every page once: where, what is wrong, and what its source is by then."""
    text = SPACE.join(some)
    echo = quote("".join(each for each in some if len(each) < LONGEST))
    pages = [*seen.pages, *((who, address.format(echo, echo)) for who, address in ECHOES)]
    for who in dict.fromkeys(who for who, _ in pages):
        with seen.of(who, language) as page:
            beside: list[str] = []
            page.on("dialog", partial(_dismissed, beside))
            page.on("request", partial(_elsewhere, beside, seen.address))
            for address in [address for whose, address in pages if whose == who]:
                yield from _one(seen, page, who, address, beside)
            if who == "teacher":
                yield from _names(seen, page, text, beside)
            for address in [address for whose, address in FORMS if whose == who]:
                page.goto(address)
                with page.expect_navigation():
                    page.evaluate(FILL, text)
                yield _seen(seen, page, f"{who} {address} filled in", beside)


def _one(
    seen: Windows, page: Page, who: str, address: str, beside: list[str]
) -> Iterator[tuple[str, list[str], str]]:
    where = f"{who} {address[:60]}"
    try:
        answer = page.goto(address)
    except Error as fault:
        yield where, [str(fault)[:200]], ""
        return
    if answer is not None and answer.status >= 500:
        beside.append(f"answers {answer.status}")
    yield _seen(seen, page, where, beside)


def _names(
    seen: Windows, page: Page, text: str, beside: list[str]
) -> Iterator[tuple[str, list[str], str]]:
    """The names of pupils, which are kept in the browser alone."""
    room = seen.scene.classroom
    page.goto(f"/classes/{room.class_id}")
    page.locator("details:has(#keep-names) > summary").click()
    page.locator("details:has(#keep-names) textarea").fill("\n".join([text.replace("\n", " ")] * 3))
    page.locator("#keep-names").click()
    for address in (f"/classes/{room.class_id}", f"/lessons/{room.lesson_id}"):
        yield from _one(seen, page, "teacher", address, beside)


def _seen(seen: Windows, page: Page, where: str, beside: list[str]) -> tuple[str, list[str], str]:
    page.wait_for_timeout(30)
    words = [*page.evaluate(FOUND), *beside]
    # The browser tells of a page that is not there; a script that was held back is told of, too.
    words += [said for said in seen.complaints if "Failed to load resource" not in said]
    beside.clear()
    seen.complaints.clear()
    return where, words, page.content()


def _dismissed(beside: list[str], dialog: Dialog) -> None:
    beside.append("a dialog was opened")
    dialog.dismiss()


def _elsewhere(beside: list[str], home: str, asked: Request) -> None:
    if not asked.url.startswith((home, "data:", "blob:")):
        beside.append(f"asked for {asked.url[:100]}")


def _unescaped(seen: Windows) -> int:
    """How many of the texts are seen to do something on a page that shows them as they are."""
    caught = 0
    for text in TO_BROWSERS:
        with seen.of("nobody") as page:
            try:
                page.set_content(f"<p title='{text}'>{text}</p>", wait_until="commit")
                page.wait_for_timeout(30)
                caught += bool(page.evaluate(FOUND))
            except Error:
                # It has led the page elsewhere while it was looked at.
                caught += 1
    return caught
