"""The cards that lie on the seats of a class: each a new PIN, shown once and kept as a hash."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.errors import Invalid
from portal.language import N_
from portal.people import codes, passwords
from portal.store.tables import SchoolClass, Seat

MOST_NAMED = 10


@dataclass(frozen=True)
class Card:
    """What stands on the card of a seat. The PIN is kept nowhere."""

    number: int
    pin: str


@dataclass(frozen=True)
class Pack:
    """The cards of a class, and what is the same on all of them."""

    class_name: str
    code: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Deck:
    """Cards that have not been dealt yet, with the hash of each PIN in their order."""

    pack: Pack
    hashes: tuple[str, ...]


def chosen(school_class: SchoolClass, numbers: Collection[int] | None) -> list[int]:
    """The numbers of the seats that get a card, all for None; raises `Invalid` (seats)."""
    there = [seat.number for seat in school_class.seats]
    if numbers is None:
        return there
    strange = sorted(set(numbers) - set(there))
    if strange:
        listed = ", ".join(map(str, strange[:MOST_NAMED]))
        raise Invalid.one("seats", N_("The class has no seat {numbers}.", numbers=listed))
    return sorted(set(numbers))


def shuffle(class_name: str, code: str, numbers: Collection[int]) -> Deck:
    """New PINs for seats: some 20 ms of computing for each, so outside of any transaction."""
    pack = Pack(class_name, code, tuple(Card(number, passwords.pin()) for number in numbers))
    return Deck(pack, tuple(passwords.hash_password(card.pin) for card in pack.cards))


def deal(session: Session, school_class: SchoolClass, deck: Deck) -> None:
    """Give the seats their new PINs. The cards of before, and who sits there by them, stop."""
    seats = {seat.number: seat for seat in school_class.seats}
    now = time.time()
    for card, hashed in zip(deck.pack.cards, deck.hashes, strict=True):
        seat = seats[card.number]
        seat.pin_hash, seat.dealt_at = hashed, now
    session.flush()


def holds(session: Session, seat_id: str | None, dealt_at: float, now: float) -> bool:
    """Whether who sat down by a card may stay: it is the seat's newest, and the class is open."""
    seat = session.scalar(
        select(Seat).where(Seat.id == seat_id).options(joinedload(Seat.school_class))
    )
    return (
        seat is not None
        and seat.dealt_at == dealt_at
        and codes.is_open(session, seat.school_class, now, codes.AFTER_THE_BELL_S)
    )
