"""Whether cards can be drawn on this machine, found out before a class needs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics

from portal.doctor import Verdict, cards
from portal.people import card_sheet


def test_a_machine_with_the_font_draws_a_card() -> None:
    assert [finding.verdict for finding in cards.look()] == [Verdict.OK]


def test_a_machine_without_it_is_told_which_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_sheet, "FONTS", (Path("/nowhere.ttc"),))
    monkeypatch.setattr(pdfmetrics, "getRegisteredFontNames", list)
    (finding,) = cards.look()
    assert finding.verdict is Verdict.WARN
    assert "fonts-wqy-microhei" in str(finding.advice)
