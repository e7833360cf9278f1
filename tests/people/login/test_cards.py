"""Codes and cards at the door: when they work, and who is kept out by somebody else's guesses."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from portal.people import cards, codes, passwords
from portal.people.cards import Pack
from portal.people.classes import get_class
from portal.people.guesses import SIZES, Guesses, Kind
from portal.people.login import Door, Friend, LoginPaused, LoginRefused, Visitor
from portal.people.login.cards import Cards
from portal.people.login.local import LocalAccounts
from portal.people.schools import get_school
from portal.store import EVERYONE
from portal.store.tables import Lesson, SchoolClass, Seat
from tests.town import Town

WRONG = "not digits"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def lesson(town: Town, now: list[float]) -> Lesson:
    made = town.launch()
    now[0] = made.starts_at + 1
    return made


@pytest.fixture
def pack(town: Town) -> Pack:
    return deal(town, [1, 2, 3, 4])


@pytest.fixture
def door(town: Town, now: list[float]) -> Door:
    store = town.portal.store
    clock = lambda: now[0]  # noqa: E731 - it reads better beside its name
    return Door(
        store,
        LocalAccounts(store),
        guesses=Guesses(store, clock=clock),
        sleep=lambda _: None,
        cards=Cards(store, clock=clock),
    )


def deal(town: Town, numbers: list[int]) -> Pack:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        school_class = get_class(session, teacher, town.here.class_id)
        deck = cards.shuffle("7(2)", codes.of(session, school_class), numbers)
        cards.deal(session, school_class, deck)
        return deck.pack


def change(town: Town, **values: object) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        school_class = session.get_one(SchoolClass, town.here.class_id)
        for name, value in values.items():
            setattr(school_class, name, value)


def refused(door: Door, code: str, number: int, pin: str, visitor: Visitor) -> str | None:
    """The field that a refusal is about."""
    with pytest.raises(LoginRefused) as caught:
        door.take_seat(code, number, pin, visitor)
    assert not isinstance(caught.value, LoginPaused), caught.value
    return caught.value.field


def test_a_card_opens_its_own_seat(town: Town, door: Door, pack: Pack, lesson: Lesson) -> None:
    for card, seat in zip(pack.cards, town.here.seats, strict=True):
        seated = door.take_seat(pack.code, card.number, card.pin)
        assert (seated.user_id, seated.class_id) == (seat.user_id, town.here.class_id)
    assert door.take_seat(codes.shown(pack.code), 1, pack.cards[0].pin)
    assert refused(door, pack.code, 1, pack.cards[1].pin, Visitor()) == "pin"
    assert refused(door, pack.code, 5, pack.cards[1].pin, Visitor()) == "seat"
    assert refused(door, "222222", 1, pack.cards[0].pin, Visitor()) == "code"


def test_a_code_works_while_the_lesson_is_on(
    town: Town, door: Door, pack: Pack, lesson: Lesson, now: list[float]
) -> None:
    card = pack.cards[0]
    for moment, opens in (
        (lesson.starts_at - 1, False),
        (lesson.starts_at, True),
        (lesson.ends_at - 1, True),
        (lesson.ends_at + 1, False),
    ):
        now[0] = moment
        if opens:
            assert door.take_seat(pack.code, 1, card.pin)
        else:
            assert refused(door, pack.code, 1, card.pin, Visitor()) == "code"
    change(town, homework=True)
    assert door.take_seat(pack.code, 1, card.pin)


def test_no_card_opens_a_seat_of_a_school_that_is_off(
    town: Town, door: Door, pack: Pack, lesson: Lesson
) -> None:
    stranger = Visitor(address="10.0.0.1")
    with town.portal.store.begin(EVERYONE) as session:
        get_school(session, "hua").active = False
    assert refused(door, pack.code, 1, pack.cards[0].pin, stranger) == "code"
    with town.portal.store.begin(EVERYONE) as session:
        get_school(session, "hua").active = True
    assert door.take_seat(pack.code, 1, pack.cards[0].pin, stranger).class_id == town.here.class_id


def test_a_new_code_ends_the_one_before(town: Town, door: Door, pack: Pack, lesson: Lesson) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        code = codes.give(session, get_class(session, teacher, town.here.class_id))
    assert code != pack.code
    assert refused(door, pack.code, 1, pack.cards[0].pin, Visitor()) == "code"
    assert door.take_seat(code, 1, pack.cards[0].pin)


def test_a_new_card_ends_the_one_before_and_who_sits_by_it(
    town: Town, door: Door, pack: Pack, lesson: Lesson, now: list[float]
) -> None:
    before = door.take_seat(pack.code, 2, pack.cards[1].pin)
    assert before.dealt_at is not None
    with town.portal.store.reading(EVERYONE) as session:
        seat = session.query(Seat).filter_by(user_id=before.user_id).one().id
        assert cards.holds(session, seat, before.dealt_at, now[0])
        assert cards.holds(session, seat, before.dealt_at, lesson.ends_at + 60)
        assert not cards.holds(session, seat, before.dealt_at, lesson.ends_at + 600)
    again = deal(town, [2])
    assert refused(door, pack.code, 2, pack.cards[1].pin, Visitor()) == "pin"
    assert door.take_seat(pack.code, 2, again.cards[0].pin)
    assert door.take_seat(pack.code, 1, pack.cards[0].pin)
    with town.portal.store.reading(EVERYONE) as session:
        assert not cards.holds(session, seat, before.dealt_at, now[0])


def test_no_two_classes_of_the_portal_have_the_same_code(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter("aaaaaa" + "aaaaaa" + "bbbbbb")
    monkeypatch.setattr("secrets.choice", lambda _letters: next(drawn))
    for hamlet, code in ((town.here, "aaaaaa"), (town.there, "bbbbbb")):
        with town.portal.store.begin(hamlet.teacher.tenant) as session:
            found = get_class(session, hamlet.teacher, hamlet.class_id)
            assert codes.give(session, found) == code


def attack(door: Door, code: str, numbers: list[int], address: str = "10.0.0.1") -> int:
    """Guess with a new browser each time until nothing is looked at; how many were."""
    looked_at = quiet = 0
    while quiet < len(numbers):
        for number in numbers:
            visitor = Visitor(address, f"attacker-{looked_at}-{quiet}")
            try:
                door.take_seat(code, number, WRONG, visitor)
            except LoginPaused:
                quiet += 1
            except LoginRefused:
                looked_at, quiet = looked_at + 1, 0
    return looked_at


def test_one_attacked_seat_keeps_nobody_else_out(
    town: Town, door: Door, pack: Pack, lesson: Lesson, now: list[float]
) -> None:
    """All from the same address, and on devices that nobody has seen before."""
    assert attack(door, pack.code, [3]) == SIZES[Kind.ACCOUNT].burst
    for card in pack.cards:
        visitor = Visitor("10.0.0.1", f"tablet-{card.number}")
        if card.number != 3:
            assert door.take_seat(pack.code, card.number, card.pin, visitor)
            continue
        with pytest.raises(LoginPaused) as caught:
            door.take_seat(pack.code, 3, card.pin, visitor)
        assert caught.value.seconds <= 60
        now[0] += caught.value.seconds
        assert door.take_seat(pack.code, 3, card.pin, visitor)


def test_where_all_seats_are_attacked_known_devices_get_in(
    town: Town, door: Door, pack: Pack, lesson: Lesson
) -> None:
    looked_at = attack(door, pack.code, [1, 2, 3, 4])
    assert looked_at == 4 * SIZES[Kind.ACCOUNT].burst
    for card, seat in zip(pack.cards, town.here.seats, strict=True):
        # Not the pupil's own device, but one that somebody of the class has used before.
        classmate = town.here.seats[card.number % 4]
        for friend in (seat, classmate):
            note = Friend(town.here.class_id, friend.user_id)
            visitor = Visitor("10.0.0.1", f"tablet-{card.number}", (note,))
            assert door.take_seat(pack.code, card.number, card.pin, visitor)


def test_a_friends_word_is_worth_few_guesses_on_any_device(
    town: Town, door: Door, pack: Pack, lesson: Lesson
) -> None:
    """Who clears the browser and logs in again has the same small allowance as before."""
    note = Friend(town.here.class_id, town.here.seats[0].user_id)
    looked_at = 0
    for n in range(200):
        try:
            door.take_seat(pack.code, 3, WRONG, Visitor("10.0.0.1", f"browser-{n}", (note,)))
        except LoginPaused:
            continue
        except LoginRefused:
            looked_at += 1
    assert looked_at == SIZES[Kind.FRIEND].burst + SIZES[Kind.ACCOUNT].burst
    elsewhere = Friend("another class", town.here.seats[0].user_id)
    with pytest.raises(LoginPaused):
        door.take_seat(pack.code, 3, WRONG, Visitor("10.0.0.1", "x", (elsewhere,)))


def test_all_seats_of_a_class_share_an_allowance(
    town: Town, pack: Pack, lesson: Lesson, now: list[float]
) -> None:
    """Code known, forty seats, a new browser for each guess."""
    store = town.portal.store
    sizes = {**SIZES, Kind.CLASS: SIZES[Kind.CLASS]._replace(burst=12)}
    clock = lambda: now[0]  # noqa: E731
    door = Door(
        store,
        LocalAccounts(store),
        guesses=Guesses(store, sizes, clock),
        sleep=lambda _: None,
        cards=Cards(store, clock=clock),
    )
    assert attack(door, pack.code, [1, 2, 3, 4]) == 12


def test_guessing_codes_is_counted_for_browser_and_address(
    town: Town, door: Door, lesson: Lesson
) -> None:
    visitor = Visitor("10.0.0.1", "one browser")
    for _ in range(SIZES[Kind.SESSION].burst):
        assert refused(door, "222222", 1, "000000", visitor) == "code"
    with pytest.raises(LoginPaused):
        door.take_seat("222222", 1, "000000", visitor)
    assert refused(door, "222222", 1, "000000", Visitor("10.0.0.1", "another")) == "code"
