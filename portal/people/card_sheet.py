"""Cards to print and cut out: a PDF of A4 pages with ten cards each.

The QR code opens the portal with code, seat and PIN behind a #. Browsers keep what stands there to
themselves (RFC 3986, section 3.5), so it is in no log of any server on the way.
"""

from __future__ import annotations

import io
from pathlib import Path

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.renderPDF import draw as draw_on
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from portal.errors import Unavailable
from portal.language import N_, Message
from portal.people import codes
from portal.people.cards import Card, Pack

# Where distributions keep a TrueType font with Chinese and Latin letters; Noto's CJK is none.
FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/wqy-microhei-fonts/wqy-microhei.ttc"),
    Path("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc"),
)
FONT = "cards"
COLUMNS, ROWS = 2, 5
PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 10 * mm
WIDTH = (PAGE_WIDTH - 2 * MARGIN) / COLUMNS
HEIGHT = (PAGE_HEIGHT - 2 * MARGIN) / ROWS
QR_SIDE = 36 * mm
SEAT, CODE, PIN = N_("Seat"), N_("Class code"), N_("PIN")
SCAN = N_("Scan, or open")


def address_of(portal: str, code: str, card: Card) -> str:
    """What a card's QR code says; `portal` is its address without a slash at the end."""
    return f"{portal}/sit#{code}.{card.number:02}.{card.pin}"


def sheet(pack: Pack, portal: str) -> bytes:
    """The PDF with the cards of a pack; raises `Unavailable` where no font has Chinese."""
    _load_font()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1)
    canvas.setTitle(pack.class_name)
    for place, card in enumerate(pack.cards):
        on_page = place % (COLUMNS * ROWS)
        if place and not on_page:
            canvas.showPage()
        row, column = divmod(on_page, COLUMNS)
        canvas.saveState()
        canvas.translate(MARGIN + column * WIDTH, PAGE_HEIGHT - MARGIN - (row + 1) * HEIGHT)
        _draw(canvas, pack, card, portal)
        canvas.restoreState()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, pack: Pack, card: Card, portal: str) -> None:
    canvas.setDash(2, 3)
    canvas.setStrokeGray(0.6)
    canvas.rect(0, 0, WIDTH, HEIGHT)
    canvas.setDash()
    left, text_width = 6 * mm, WIDTH - QR_SIDE - 12 * mm
    _line(canvas, left, HEIGHT - 9 * mm, pack.class_name, 11, text_width)
    _line(canvas, left, HEIGHT - 15 * mm, _both(SEAT), 8, text_width, grey=0.35)
    _line(canvas, left, HEIGHT - 26 * mm, f"{card.number:02}", 34, text_width)
    _line(canvas, left, HEIGHT - 32 * mm, _both(CODE), 8, text_width, grey=0.35)
    _line(canvas, left, HEIGHT - 37.5 * mm, codes.shown(pack.code), 15, text_width)
    _line(canvas, left, HEIGHT - 42 * mm, _both(PIN), 8, text_width, grey=0.35)
    _line(canvas, left, HEIGHT - 47.5 * mm, f"{card.pin[:3]} {card.pin[3:]}", 15, text_width)
    opened = f"{_both(SCAN)}: {portal.partition('://')[2]}/sit"
    _line(canvas, left, 3 * mm, opened, 8, WIDTH - 2 * left, grey=0.35)
    _qr(canvas, address_of(portal, pack.code, card), WIDTH - QR_SIDE - 3 * mm, 11 * mm)


def _line(
    canvas: Canvas, x: float, y: float, words: str, size: float, width: float, grey: float = 0.0
) -> None:
    """Words on one line, made smaller where they are too long for their place."""
    taken = pdfmetrics.stringWidth(words, FONT, size)
    canvas.setFillGray(grey)
    canvas.setFont(FONT, size if taken <= width else size * width / taken)
    canvas.drawString(x, y, words)


def _qr(canvas: Canvas, words: str, x: float, y: float) -> None:
    widget = QrCodeWidget(words, barLevel="M", barWidth=QR_SIDE, barHeight=QR_SIDE, barBorder=4)
    drawing = Drawing(QR_SIDE, QR_SIDE)
    drawing.add(widget)
    draw_on(drawing, canvas, x, y)


def _both(message: Message) -> str:
    """The same in Chinese and in English: a card is read by whoever sits there."""
    chinese, english = message.in_language("zh"), message.in_language("en")
    return f"{chinese} {english}"


def _load_font() -> None:
    if FONT in pdfmetrics.getRegisteredFontNames():
        return
    for file in FONTS:
        try:
            pdfmetrics.registerFont(TTFont(FONT, str(file)))
        except TTFError:
            continue
        return
    raise Unavailable(
        N_("The portal's machine has no font for cards. Its staff can install fonts-wqy-microhei.")
    )
