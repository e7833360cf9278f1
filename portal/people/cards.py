"""The cards that lie on the seats of a class: each a new PIN, shown once and kept as a hash."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.errors import NotFound
from portal.language import N_
from portal.people import codes, passwords
from portal.store.tables import SchoolClass, Seat


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
class Shuffled:
    """PINs that have not been given to any seat yet, with their hashes."""

    pins: tuple[str, ...]
    hashes: tuple[str, ...]


def shuffle(count: int) -> Shuffled:
    """New PINs for so many seats: some 20 ms of computing each, so before any transaction."""
    pins = tuple(passwords.pin() for _ in range(count))
    return Shuffled(pins, tuple(map(passwords.hash_password, pins)))


def deal(
    session: Session, school_class: SchoolClass, numbers: Collection[int], shuffled: Shuffled
) -> Pack:
    """Give the seats of these numbers new PINs. The cards of before, and who sits by them, stop.

    A class that has no code yet is given one. Raises `NotFound` for a number that is no seat.
    """
    seats = [seat for seat in school_class.seats if seat.number in set(numbers)]
    if len(seats) != len(set(numbers)):
        raise NotFound(N_("There is no such seat."))
    code = school_class.code or codes.give(session, school_class)
    now, cards = time.time(), []
    for seat, pin, hashed in zip(seats, shuffled.pins, shuffled.hashes, strict=True):
        seat.pin_hash, seat.dealt_at = hashed, now
        cards.append(Card(seat.number, pin))
    session.flush()
    return Pack(school_class.name, code, tuple(cards))


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
