"""A pupil sits down: a class's code, a seat's number, and the PIN on the card."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.errors import PortalError
from portal.language import N_, Message
from portal.people import accounts
from portal.people.login import Friend
from portal.services import services
from portal.store import EVERYONE
from portal.web.devices import begin_visit, remember, visitor
from portal.web.login import log_in, open_to_all

FIELDS = ("code", "seat", "pin")
MOST_TYPED = 40

blueprint = Blueprint("sit", __name__, url_prefix="/sit")


@blueprint.get("")
@open_to_all
def form() -> ResponseReturnValue:
    """The form that a card opens, whoever sat at this device before."""
    return page({}, {})


@blueprint.post("")
@open_to_all
def enter() -> ResponseReturnValue:
    """Look at a card, and begin a fresh session at its seat."""
    typed = {name: request.form.get(name, "").strip()[:MOST_TYPED] for name in FIELDS}
    missing = _missing(typed)
    if missing:
        return page(typed, missing), 422
    house = services()
    number, pin = int(_digits(typed["seat"])), _digits(typed["pin"])
    try:
        seated = house.door.take_seat(typed["code"], number, pin, visitor())
    except PortalError as refused:
        faults = {refused.field or "": refused.message}
        return page(typed, faults), 503 if refused.transient else 401
    with house.store.reading(EVERYONE) as session:
        viewer = accounts.load_viewer(session, seated.user_id)
    if viewer is None:
        return redirect(url_for("sit.form"))
    log_in(viewer, house.settings.web.session_hours, card=seated.dealt_at)
    response = make_response(redirect(url_for("seat.page")))
    remember(response, Friend(seated.class_id, seated.user_id))
    return response


def page(typed: Mapping[str, str], faults: Mapping[str, Message]) -> str:
    """The form with what was typed, and each fault beside its field; the PIN is typed again."""
    begin_visit()
    kept = {name: value for name, value in typed.items() if name != "pin"}
    return render_template("sit.html", sit=kept, faults=faults)


def _digits(typed: str) -> str:
    """A number as a Chinese keyboard may write it, with spaces between the groups of a PIN."""
    return unicodedata.normalize("NFKC", typed).replace(" ", "")


def _missing(typed: Mapping[str, str]) -> dict[str, Message]:
    faults = {}
    if not typed["code"]:
        faults["code"] = N_("Type the code of your class. It stands on your card.")
    if not _is_number(typed["seat"], 4):
        faults["seat"] = N_("Type the number of your seat, like 7.")
    if not _is_number(typed["pin"], MOST_TYPED):
        faults["pin"] = N_("Type the PIN on your card. It is a number.")
    return faults


def _is_number(typed: str, most: int) -> bool:
    digits = _digits(typed)
    return digits.isascii() and digits.isdigit() and len(digits) <= most
