"""Somebody guesses beside forty honest pupils, from the same address, for an hour.

The attacker guesses at one teacher's password by the page and by the API, at the PIN of one seat,
and at class codes, with a fresh browser each time and without a pause. The hour passes on a clock
of the tests' own; everything else is the portal's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from portal.people import cards, codes
from portal.people.cards import Card, Pack
from portal.people.guesses import Guesses
from portal.people.login import Door
from portal.people.login.cards import Cards, Chair
from portal.people.login.local import LocalAccounts
from portal.people.login.way import Identity
from portal.services import EXTENSION
from portal.store import EVERYONE
from portal.store.tables import SchoolClass
from stage.security.outcome import Outcome, progress
from tests.web import classroom
from tests.web.classroom import Classroom

HOUR_S = 3600.0
MOST_AN_HOUR = 100
TEACHER = "li"


@dataclass
class Attack:
    """The attacked classroom, what was looked at, and the clock of the allowances."""

    room: Classroom
    pack: Pack
    now: float = 1e9
    looked_at: dict[str, int] = field(default_factory=lambda: {TEACHER: 0, "seat": 0})

    @property
    def attacked(self) -> Card:
        """The card of the seat that is guessed at."""
        return self.pack.cards[-1]

    def note(self, whose: str) -> None:
        """A guess at somebody was looked at."""
        if whose in self.looked_at:
            self.looked_at[whose] += 1

    def sit(self, client: FlaskClient, code: str, number: int, pin: str) -> str:
        """Where somebody is led who types this."""
        typed = {"code": code, "seat": str(number), "pin": pin}
        return _sent(client, "/sit", typed)


class WatchedAccounts(LocalAccounts):
    """Local accounts that tell which guesses were looked at."""

    attack: Attack

    def prove(self, login: str, password: str) -> Identity:
        self.attack.note(login)
        return super().prove(login, password)


class WatchedCards(Cards):
    """Cards that tell which guesses were looked at."""

    attack: Attack

    def sit(self, chair: Chair, pin: str) -> Identity:
        if chair.seat.number == self.attack.attacked.number:
            self.attack.note("seat")
        return super().sit(chair, pin)


def tried(tries: int) -> Outcome:
    """So many guesses in one hour, and forty honest pupils spread over them."""
    outcome, tell = Outcome(), progress("logins", tries)
    with _attack() as attack:
        honest = iter(attack.pack.cards)
        # Who has sat on a device before is known there, whatever others guess at the seat.
        known = attack.room.client()
        attack.sit(known, attack.pack.code, attack.attacked.number, attack.attacked.pin)
        attack.looked_at["seat"] = 0
        every = max(1, tries // len(attack.pack.cards))
        ways = cycle((_at_teacher, _at_seat, _at_teacher_by_api, _at_codes))
        for number in range(tries):
            outcome.tries += 1
            attack.now += HOUR_S / tries
            if next(ways)(attack):
                outcome.fails("a guess was right")
            card = next(honest, None) if number % every == 0 else None
            if card is not None:
                outcome.tries += 1
                client = known if card is attack.attacked else attack.room.client()
                place = attack.sit(client, attack.pack.code, card.number, card.pin)
                outcome.count("honest pupils in", place == "/seat")
                if place != "/seat":
                    outcome.fails(f"the pupil of seat {card.number} was kept out: {place}")
            tell(outcome.tries)
        # The pupil of the attacked seat is honest, and was looked at once.
        attack.looked_at["seat"] -= 1
        for whose, number in attack.looked_at.items():
            outcome.seen[f"guesses an hour at {whose}"] = number
            if number > MOST_AN_HOUR:
                outcome.fails(f"{number} guesses an hour at {whose}")
    return outcome


def _at_teacher(attack: Attack) -> bool:
    typed = {"login": TEACHER, "password": "a guess"}
    return _sent(attack.room.client(), "/login", typed) == "/"


def _at_teacher_by_api(attack: Attack) -> bool:
    typed = {"login": TEACHER, "password": "a guess"}
    return attack.room.app.test_client().post("/api/v1/tokens", json=typed).status_code < 400


def _at_seat(attack: Attack) -> bool:
    number = attack.attacked.number
    return attack.sit(attack.room.client(), attack.pack.code, number, "000000") == "/seat"


def _at_codes(attack: Attack) -> bool:
    return attack.sit(attack.room.client(), "222222", 1, "000000") == "/seat"


def _sent(client: FlaskClient, address: str, typed: dict[str, str]) -> str:
    """Where the form leads, or its status."""
    form = {"csrf_token": classroom.token(client, address), **typed}
    answer = client.post(address, data=form)
    return answer.location or str(answer.status_code)


@contextmanager
def _attack() -> Iterator[Attack]:
    with TemporaryDirectory(prefix="kesuan-logins-") as folder:
        room = classroom.build(Path(folder))
        with room.house.store.begin(EVERYONE) as session:
            school_class = session.get_one(SchoolClass, room.class_id)
            code, numbers = codes.of(session, school_class), cards.chosen(school_class, None)
            deck = cards.shuffle(school_class.name, code, numbers)
            cards.deal(session, school_class, deck)
        attack = Attack(room, deck.pack)
        accounts, seats = WatchedAccounts(room.house.store), WatchedCards(room.house.store)
        accounts.attack = seats.attack = attack
        door = Door(
            room.house.store,
            accounts,
            guesses=Guesses(room.house.store, clock=lambda: attack.now),
            cards=seats,
            # That every refusal takes a quarter of a second is tried elsewhere.
            sleep=lambda _seconds: None,
        )
        room.app.extensions[EXTENSION] = replace(room.house, door=door)
        try:
            yield attack
        finally:
            room.house.store.close()
