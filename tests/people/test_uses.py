"""A use of a token is written down; those of a whole class with one statement a second."""

from __future__ import annotations

import time

from sqlalchemy import select

from portal.people import tokens
from portal.people.uses import WRITE_EVERY_S, TokenUses
from portal.store import EVERYONE
from portal.store.tables import Token
from tests.town import Town

NOON = 1_800_000_000.0


def written(town: Town) -> dict[str, float | None]:
    with town.portal.store.reading(EVERYONE) as session:
        return {token.name: token.used_at for token in session.scalars(select(Token))}


def issue(town: Town, *names: str) -> list[str]:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        return [tokens.issue(session, teacher, tokens.Wish(name, 1))[0].id for name in names]


def test_the_first_use_is_written_at_once_and_the_next_ones_together(town: Town) -> None:
    store, uses = town.portal.store, TokenUses()
    first, second, third = issue(town, "first", "second", "third")
    uses.note(store, [first], NOON)
    uses.note(store, [second], NOON + WRITE_EVERY_S / 2)
    assert written(town) == {"first": NOON, "second": None, "third": None}
    later = NOON + WRITE_EVERY_S
    uses.note(store, [third], later)
    assert written(town) == {"first": NOON, "second": later, "third": later}


def test_a_use_is_noted_again_only_after_some_minutes(town: Town) -> None:
    store, teacher = town.portal.store, town.here.teacher
    with store.begin(teacher.tenant) as session:
        _, secret = tokens.issue(session, teacher, tokens.Wish("script", 1))
    tokens.resolve(store, secret)
    before = written(town)["script"]
    assert before is not None
    assert time.time() - before < tokens.NOTE_USE_EVERY_S
    tokens.resolve(store, secret)
    assert written(town)["script"] == before
