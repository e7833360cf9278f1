"""The sheet of cards, as a printer shows it and a tablet's camera reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp

from portal.errors import Unavailable
from portal.people import card_sheet
from portal.people.card_sheet import address_of, sheet
from portal.people.cards import Card, Pack

PORTAL = "https://kesuan.example.edu"
PACK = Pack("七年级 2 班", "k7m2px", tuple(Card(n, f"{n * 24_680:06}") for n in range(1, 41)))


@pytest.fixture(scope="module")
def pages() -> Iterator[list[pypdfium2.PdfPage]]:
    printed = pypdfium2.PdfDocument(sheet(PACK, PORTAL))
    opened = list(printed)
    yield opened
    for page in opened:
        page.close()
    printed.close()


def test_forty_cards_are_four_pages_of_a4(pages: list[pypdfium2.PdfPage]) -> None:
    assert len(pages) == 4
    for page in pages:
        assert page.get_size() == pytest.approx((595, 842), abs=1)


def test_a_camera_reads_every_card(pages: list[pypdfium2.PdfPage]) -> None:
    read = [
        found.text
        for page in pages
        for found in zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    ]
    assert sorted(read) == [address_of(PORTAL, "k7m2px", card) for card in PACK.cards]
    # What is behind the # is sent to nobody.
    assert {address.partition("#")[0] for address in read} == {f"{PORTAL}/sit"}


def test_a_person_reads_the_same_in_both_languages(pages: list[pypdfium2.PdfPage]) -> None:
    text = pages[0].get_textpage()
    words = text.get_text_range()
    text.close()
    for card in PACK.cards[:10]:
        assert f"{card.number:02}" in words
        assert f"{card.pin[:3]} {card.pin[3:]}" in words
    for once in ("七年级 2 班", "座位 Seat", "班级码 Class code", "K7M 2PX", "密码 PIN"):
        assert words.count(once) == 10, once
    assert "kesuan.example.edu/sit" in words


def test_a_long_name_stays_on_its_card() -> None:
    """Ink is found nowhere beyond the dashed lines."""
    pack = Pack("很长的班级名字" * 11, "k7m2px", (Card(1, "123456"),))
    printed = pypdfium2.PdfDocument(sheet(pack, PORTAL))
    page = printed[0]
    picture = page.render(scale=1).to_pil().convert("L")
    beyond = picture.crop((int(10 + card_sheet.MARGIN + card_sheet.WIDTH), 0, 595, 842))
    page.close()
    printed.close()
    assert beyond.getextrema() == (255, 255)


def test_a_machine_without_the_font_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_sheet, "FONTS", ())
    monkeypatch.setattr(card_sheet, "FONT", "another")
    with pytest.raises(Unavailable, match="fonts-wqy-microhei"):
        sheet(PACK, PORTAL)
