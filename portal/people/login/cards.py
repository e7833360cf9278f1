"""Cards: a class's code and a seat's number are the login, the PIN on the card is the password."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.language import N_
from portal.people import codes, passwords
from portal.people.login.local import Away, here
from portal.people.login.refusals import LoginRefused
from portal.people.login.way import Identity, Place
from portal.people.viewer import Role
from portal.store import EVERYONE, Store, answering
from portal.store.tables import SchoolClass, Seat

CARD = "card"
CODE, SEAT, PIN = "code", "seat", "pin"
_LOGIN = re.compile(rf"([{passwords.LETTERS}]{{{codes.LENGTH}}})-([0-9]{{1,4}})")
ASLEEP = N_(
    "No class has a lesson with this code now. A code works while the lesson is on. Look at the "
    "code again, or ask your teacher."
)
WRONG_PIN = N_("The PIN does not belong to this seat. Look at your card and type it again.")


@dataclass(frozen=True)
class Chair:
    """A seat of a class that is open, before anybody has proven that it is theirs."""

    seat: Seat
    school_class: SchoolClass

    @property
    def usable(self) -> bool:
        """Whether somebody may sit down: there is a card, and the account is not switched off."""
        user = self.seat.user
        return self.seat.pin_hash is not None and user.active and user.left_at is None


class Cards:
    """A `Way` over seats and their PINs; a login is a code and a number, as in `k7m2px-07`."""

    def __init__(
        self, store: Store, away: Away = here, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._away = away
        self._clock = clock

    def find(self, login: str) -> Chair:
        """The seat behind a login.

        Raises `LoginRefused` with the field that is wrong (code, seat): neither is a secret, and a
        child should not look for the fault in the other.
        """
        typed = _LOGIN.fullmatch(login)
        if typed is None:
            raise LoginRefused(WRONG_PIN, field=PIN)
        code, number = typed[1], int(typed[2])
        with answering(), self._store.reading(EVERYONE) as session:
            found = session.scalar(select(SchoolClass).where(SchoolClass.code == code))
            if found is None or not codes.is_open(session, found, self._clock()):
                raise LoginRefused(ASLEEP, field=CODE)
            seat = session.scalar(
                select(Seat)
                .where(Seat.class_id == found.id, Seat.number == number)
                .options(joinedload(Seat.user))
            )
        if seat is None:
            sentence = N_("This class has no seat {number}. Look at your card.", number=number)
            raise LoginRefused(sentence, field=SEAT)
        if seat.user.school is not None and not seat.user.school.active:
            raise LoginRefused(ASLEEP, field=CODE)
        return Chair(seat, found)

    def sit(self, chair: Chair, pin: str) -> Identity:
        """Whoever has the PIN of a seat; raises `LoginRefused`, always after the same time."""
        known = chair.seat.pin_hash or passwords.decoy()
        right = self._away(lambda: passwords.check(known, pin))
        if not (right and chair.usable):
            raise LoginRefused(WRONG_PIN, field=PIN)
        user = chair.seat.user
        school = user.school.slug if user.school is not None else None
        return Identity(
            way=CARD,
            subject=user.id,
            login=f"{chair.school_class.code}-{chair.seat.number:02}",
            name=user.name,
            place=Place(Role.SEAT, school),
        )

    def prove(self, login: str, password: str) -> Identity:
        """The seat with this code and number, for whoever has its PIN; the subject is its user."""
        return self.sit(self.find(login), password)
