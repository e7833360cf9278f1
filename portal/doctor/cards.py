"""Can this machine draw the cards of seats? Looked at before a class stands in the room."""

from __future__ import annotations

from collections.abc import Iterator

from portal.doctor.finding import Finding, ok, warn
from portal.errors import Unavailable
from portal.language import N_
from portal.people.card_sheet import sheet
from portal.people.cards import Card, Pack

EXAMPLE = Pack("七年级 2 班", "k7m2px", (Card(1, "000000"),))


def look() -> Iterator[Finding]:
    """Draw a sheet with one card, font and QR code included, and throw it away."""
    try:
        drawn = sheet(EXAMPLE, "https://kesuan.example.edu")
    except Unavailable as missing:
        yield warn(
            "cards",
            missing.message,
            N_(
                "Debian, Ubuntu: apt-get install fonts-wqy-microhei; "
                "Fedora: dnf install wqy-microhei-fonts"
            ),
        )
        return
    yield ok("cards", N_("Cards for seats can be printed ({size} bytes for one).", size=len(drawn)))
