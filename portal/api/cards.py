"""How a class comes in: its code, its cards, and whether there is homework."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request

from portal.api.classes import WholeClassSchema, whole
from portal.api.door import viewer
from portal.api.noun import Noun
from portal.api.values import AtMost, Between, Whole, YesOrNo
from portal.people import card_sheet, cards, codes
from portal.people.access import Action, require
from portal.people.classes import MOST_SEATS, get_class
from portal.people.scopes import Scope
from portal.services import services

noun = Noun("cards", "What pupils come in by.")


class HomeworkSchema(ma.Schema):
    """Whether the class comes in while no lesson is on."""

    homework = YesOrNo(required=True)


class WhichSeatsSchema(ma.Schema):
    """Whose cards are made anew."""

    seats = ma.fields.List(
        Whole(validate=Between(1, MOST_SEATS)),
        load_default=None,
        allow_none=True,
        validate=AtMost(MOST_SEATS, 1),
        metadata={"description": "Numbers of the seats; without it, all."},
    )


@noun.changes("/classes/<class_id>/code", WholeClassSchema, Scope.MANAGE)
def renew(class_id: str) -> dict[str, Any]:
    """Give a class a new code; nobody comes in by the one before."""
    require(viewer(), Action.OPEN_CLASS)
    with services().store.begin(viewer().tenant) as session:
        found = get_class(session, viewer(), class_id)
        codes.give(session, found)
        return whole(session, found)


@noun.changes(
    "/classes/<class_id>/homework",
    WholeClassSchema,
    Scope.MANAGE,
    method="PUT",
    body=HomeworkSchema,
)
def homework(body: dict[str, Any], class_id: str) -> dict[str, Any]:
    """Say whether pupils come in while no lesson is on."""
    require(viewer(), Action.OPEN_CLASS)
    with services().store.begin(viewer().tenant) as session:
        found = get_class(session, viewer(), class_id)
        found.homework = body["homework"]
        return whole(session, found)


@noun.changes(
    "/classes/<class_id>/cards", None, Scope.MANAGE, body=WhichSeatsSchema, file="application/pdf"
)
def deal(body: dict[str, Any], class_id: str) -> Response:
    """Make new PINs for seats, and the PDF that shows them this once. Older cards stop working."""
    require(viewer(), Action.OPEN_CLASS)
    house, portal = services(), request.url_root.rstrip("/")
    with house.store.begin(viewer().tenant) as session:
        found = get_class(session, viewer(), class_id)
        numbers = cards.chosen(found, body["seats"])
        name, code = found.name, codes.of(session, found)
    # A second of computing, in which the database is nobody's. Drawn before anything is changed.
    deck = house.away(lambda: cards.shuffle(name, code, numbers))
    content = house.away(lambda: card_sheet.sheet(deck.pack, portal))
    with house.store.begin(viewer().tenant) as session:
        cards.deal(session, get_class(session, viewer(), class_id), deck)
    return Response(content, mimetype="application/pdf")
