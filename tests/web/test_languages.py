"""Both languages are whole: no sentence without its Chinese, no English left on a Chinese page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

from tests.web.classroom import Classroom
from tests.web.pages import Anatomy, pages_of

ROOT = Path(__file__).parents[2]
PO = ROOT / "portal" / "locale" / "zh" / "LC_MESSAGES" / "portal.po"
KEYWORDS = "_ N_ Message gettext ngettext:1,2"
# Names of things, and words that Chinese classrooms use as they are.
KEPT = {
    *("Kesuan", "English", "Slurm", "GPU", "CPU", "ONNX", "CSV", "zip", "MB", "KB", "GB", "MIT"),
    *("JSON", "XEdu", "BaseML", "a100", "KNN", "SVM", "CART", "MLP", "AdaBoost", "NaiveBayes"),
    *("Debian", "Fashion", "MNIST", "UTF", "KESUAN", "PDF"),
}
SHOWN_AS_IS = re.compile(
    r"bill_mm|flipper_mm|mass_g|island|species|circle|square|triangle|Adelie|Chinstrap|Gentoo"
    r"|Torgersen|Biscoe|Dream|MIXED|IDLE|DOWN|Not responding|AssocGrpGRES|image-classifier"
    r"|tabular-classifier|staff|chen|[\w-]+\.(?:csv|onnx|json)|https?://\S+|g[1-4]\b|hua|nan"
    r"|\b[0-9a-f]{8}\b"  # the beginning of an id
)


def extracted() -> set[tuple[str, ...]]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        str(ROOT / "portal"),
        method_map=methods,
        options_map=options,
        keywords=parse_keywords(KEYWORDS.split()),
    )
    return {
        messages if isinstance(messages, tuple) else (messages,)
        for _, _, messages, _, _ in found
        if messages
    }


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file)


def ids(message_id: object) -> tuple[str, ...]:
    return message_id if isinstance(message_id, tuple) else (str(message_id),)


def test_the_keywords_here_are_those_of_the_setup() -> None:
    assert f"keywords = {KEYWORDS}\n" in (ROOT / "setup.cfg").read_text(encoding="utf-8")


def test_every_sentence_of_the_code_is_in_the_catalogue() -> None:
    kept = {ids(message.id) for message in catalogue() if message.id}
    assert extracted() - kept == set()


def test_the_catalogue_has_nothing_that_nobody_says() -> None:
    kept = {ids(message.id) for message in catalogue() if message.id}
    assert kept - extracted() == set()


def test_every_sentence_has_its_chinese() -> None:
    empty = [
        message.id
        for message in catalogue()
        if (message.id and not all(ids(message.string))) or (message.fuzzy and message.id)
    ]
    assert empty == []


def test_every_place_for_a_value_is_in_both_languages() -> None:
    place = re.compile(r"(?<!\{)\{\w+\}(?!\})|%\(\w+\)s")
    for message in catalogue():
        if message.id:
            english = set(place.findall(ids(message.id)[0]))
            chinese = set(place.findall(ids(message.string)[0]))
            assert english == chinese, message.id


@pytest.mark.parametrize("login", ["li", "chen", "hua-7-2-01", "staff"])
def test_no_english_is_left_on_a_chinese_page(classroom: Classroom, login: str) -> None:
    for who, address in pages_of(classroom):
        if who != login:
            continue
        page = Anatomy(classroom.browser(login, "zh").get(address).text)
        for words in page.spoken():
            rest = SHOWN_AS_IS.sub("", words)
            english = set(re.findall(r"[A-Za-z]{3,}", rest)) - KEPT
            assert not english, (address, words)


def test_the_two_pages_differ_in_words_alone(classroom: Classroom) -> None:
    for login, address in pages_of(classroom):
        chinese = Anatomy(classroom.browser(login, "zh").get(address).text)
        english = Anatomy(classroom.browser(login, "en").get(address).text)
        assert [tag for tag, _ in chinese.tags] == [tag for tag, _ in english.tags], address
