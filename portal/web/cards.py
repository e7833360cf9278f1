"""How a class comes in: its code on the projector, its cards on paper, and when they work."""

from __future__ import annotations

import time
from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.language import Message
from portal.people import card_sheet, cards, codes
from portal.people.access import Action, require
from portal.people.classes import get_class
from portal.services import services
from portal.store.tables import SchoolClass
from portal.web.hashing import away
from portal.web.login import reading, viewer
from portal.web.seat_numbers import seat_numbers

blueprint = Blueprint("cards", __name__, url_prefix="/classes/<class_id>")


@blueprint.app_template_filter("code")
def _shown(code: str | None) -> str:
    return codes.shown(code) if code else "–"


@blueprint.get("/code")
def projected(class_id: str) -> ResponseReturnValue:
    """The code as large as a projector makes it, and what pupils do with it."""
    require(viewer(), Action.SEE_CLASS)
    with reading() as session:
        school_class = _class(session, class_id)
        is_open = codes.is_open(session, school_class, time.time())
        return render_template(
            "code.html", school_class=school_class, is_open=is_open, address=_portal()
        )


@blueprint.post("/code")
def renew(class_id: str) -> ResponseReturnValue:
    """A new code; nobody comes in by the one before, and whoever is in stays."""
    require(viewer(), Action.OPEN_CLASS)
    with services().store.begin(viewer().tenant) as session:
        codes.give(session, _class(session, class_id))
    flash(_("The class has a new code. Cards that were printed before show the old one."))
    return _back(class_id)


@blueprint.post("/homework")
def homework(class_id: str) -> ResponseReturnValue:
    """Whether pupils come in while no lesson is on."""
    require(viewer(), Action.OPEN_CLASS)
    with services().store.begin(viewer().tenant) as session:
        _class(session, class_id).homework = request.form.get("homework") == "on"
    return _back(class_id)


@blueprint.get("/cards")
def form(class_id: str) -> ResponseReturnValue:
    """Which cards to print, and what it means for the ones before."""
    require(viewer(), Action.OPEN_CLASS)
    return _form(class_id, request.args.get("seats", ""), ())


@blueprint.post("/cards")
def deal(class_id: str) -> ResponseReturnValue:
    """New PINs, and the PDF that shows them this once."""
    require(viewer(), Action.OPEN_CLASS)
    store, portal, typed = services().store, _portal(), request.form.get("seats", "")
    try:
        wanted = seat_numbers(typed)
        with store.begin(viewer().tenant) as session:
            school_class = _class(session, class_id)
            numbers = cards.chosen(school_class, wanted)
            name, code = school_class.name, codes.of(session, school_class)
    except Invalid as refused:
        return _form(class_id, typed, refused.errors["seats"]), 422
    # A second of computing, in which the database is nobody's. Drawn before anything is changed:
    # cards that nobody has seen would be of no use.
    deck = away(lambda: cards.shuffle(name, code, numbers))
    content = away(lambda: card_sheet.sheet(deck.pack, portal))
    with store.begin(viewer().tenant) as session:
        school_class = _class(session, class_id)
        cards.deal(session, school_class, deck)
        file = f"cards-{school_class.slug}.pdf"
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


def _form(class_id: str, typed: str, faults: Sequence[Message]) -> str:
    with reading() as session:
        school_class = _class(session, class_id)
        return render_template(
            "cards.html",
            school_class=school_class,
            typed=typed,
            faults=faults,
            dealt=any(seat.dealt_at is not None for seat in school_class.seats),
        )


def _class(session: Session, class_id: str) -> SchoolClass:
    return get_class(session, viewer(), class_id)


def _portal() -> str:
    return request.url_root.rstrip("/")


def _back(class_id: str) -> ResponseReturnValue:
    return redirect(url_for("classes.one", class_id=class_id))
