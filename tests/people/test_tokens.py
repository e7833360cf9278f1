"""Tokens: shown once, kept as a hash, ended by time, by their owner, by a closed account."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select, update

from portal import config
from portal.errors import Conflict, Invalid, NotFound
from portal.people import tokens
from portal.people.access import Action, may
from portal.people.login import LoginRefused, open_door
from portal.people.scopes import EVERYTHING, USUAL, Scope, found, kept
from portal.people.tokens import Sender, Wish
from portal.people.viewer import Role
from portal.store import EVERYONE
from portal.store.tables import Token, User
from tests.town import Town


def make(town: Town, days: int = 1) -> tuple[Token, str]:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        return tokens.issue(session, teacher, Wish("script", days))


def test_a_secret_names_its_owner_and_is_not_in_the_database(town: Town) -> None:
    token, secret = make(town)
    assert secret.startswith("ksn_")
    assert tokens.resolve(town.portal.store, secret) == Sender(town.here.teacher, USUAL)
    with town.portal.store.reading(EVERYONE) as session:
        row = session.scalars(select(Token)).one()
        kept = [getattr(row, column.key) for column in Token.__table__.columns]
    assert secret not in map(str, kept)
    assert row.id == token.id
    assert row.used_at is not None


@pytest.mark.parametrize("secret", ["", "ksn_", "ksn_wrong", "Bearer", "密"])
def test_a_wrong_secret_is_nobody(town: Town, secret: str) -> None:
    make(town)
    assert tokens.resolve(town.portal.store, secret) is None


def test_a_token_ends_with_its_days_its_owner_and_its_account(town: Town) -> None:
    store, teacher = town.portal.store, town.here.teacher
    token, secret = make(town)
    with store.begin(EVERYONE) as session:
        session.execute(update(Token).values(ends_at=time.time() - 1))
    assert tokens.resolve(store, secret) is None

    token, secret = make(town)
    with store.begin(teacher.tenant) as session:
        tokens.revoke(session, teacher, token.id)
    assert tokens.resolve(store, secret) is None

    _, secret = make(town)
    with store.begin(EVERYONE) as session:
        closed = update(User).where(User.id == teacher.user_id).values(active=False)
        session.execute(closed)
    assert tokens.resolve(store, secret) is None


def test_of_many_senders_each_is_who_they_are(town: Town) -> None:
    store = town.portal.store
    (_, secret), (ended, over) = make(town), make(town)
    with store.begin(town.there.seats[0].tenant) as session:
        _, other = tokens.issue(session, town.there.seats[0], Wish("script", 1))
    with store.begin(town.here.teacher.tenant) as session:
        tokens.revoke(session, town.here.teacher, ended.id)
    found = tokens.resolve_all(store, [secret, over, "ksn_wrong", other, "", secret])
    teacher, neighbour = (
        Sender(viewer, USUAL) for viewer in (town.here.teacher, town.there.seats[0])
    )
    assert found == [teacher, None, None, neighbour, None, teacher]


def test_nobody_sees_or_ends_anothers_token(town: Town) -> None:
    token, _ = make(town)
    for other in (town.here.admin, town.there.teacher, town.staff):
        with town.portal.store.begin(other.tenant) as session:
            assert tokens.tokens_of(session, other) == []
            with pytest.raises(NotFound):
                tokens.revoke(session, other, token.id)
    with town.portal.store.reading(town.here.teacher.tenant) as session:
        mine = tokens.tokens_of(session, town.here.teacher)
        assert [found.id for found in mine] == [token.id]


def test_a_token_has_a_name_and_a_term_and_there_are_not_endlessly_many(town: Town) -> None:
    teacher = town.here.teacher
    with town.portal.store.begin(teacher.tenant) as session:
        with pytest.raises(Invalid) as caught:
            tokens.issue(session, teacher, Wish("", 366, ()))
        assert set(caught.value.errors) == {"name", "days", "scopes"}
        for number in range(tokens.MOST_TOKENS):
            tokens.issue(session, teacher, Wish(str(number), 1))
        with pytest.raises(Conflict):
            tokens.issue(session, teacher, Wish("one more", 1))


def test_scopes_are_kept_as_they_were_chosen() -> None:
    for chosen in ((), {Scope.READ}, USUAL, EVERYTHING):
        assert found(kept(chosen)) == frozenset(chosen)
    assert kept({Scope.DATA, Scope.READ}) == "read data"


def test_a_token_lives_as_long_as_the_site_says(town: Town) -> None:
    terms = config.Tokens(days=3, most_days=5)
    teacher, now = town.here.teacher, time.time()
    with town.portal.store.begin(teacher.tenant) as session:
        token, _ = tokens.issue(session, teacher, Wish("script"), terms)
        assert token.ends_at == pytest.approx(now + 3 * tokens.DAY_S, abs=60)
        with pytest.raises(Invalid) as caught:
            tokens.issue(session, teacher, Wish("script", 6), terms)
    assert set(caught.value.errors) == {"days"}


def test_a_schools_token_stays_when_its_administrator_leaves(town: Town) -> None:
    store, admin = town.portal.store, town.here.admin
    with store.begin(admin.tenant) as session:
        token, secret = tokens.issue_for_school(session, town.here.school.id, Wish("timetable"))
    with store.begin(EVERYONE) as session:
        closed = update(User).where(User.id == admin.user_id).values(active=False)
        session.execute(closed)
    sender = tokens.resolve(store, secret)
    assert sender is not None
    assert (sender.viewer.role, sender.viewer.school_id) == (Role.SCRIPT, town.here.school.id)
    assert may(sender.viewer, Action.LAUNCH)
    with store.begin(EVERYONE) as session:
        session.execute(update(User).where(User.id == admin.user_id).values(active=True))
    with store.begin(admin.tenant) as session:
        tokens.revoke(session, admin, token.id)
    assert tokens.resolve(store, secret) is None
    with store.reading(EVERYONE) as session:
        assert not session.get_one(User, token.user_id).active


def test_only_the_schools_own_administrator_keeps_its_tokens(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        token, _ = tokens.issue_for_school(session, town.here.school.id, Wish("timetable"))
    for other in (town.here.teacher, town.here.seats[0], town.there.admin, town.staff):
        with town.portal.store.begin(other.tenant) as session:
            assert tokens.tokens_of_school(session, other) == []
            with pytest.raises(NotFound):
                tokens.revoke(session, other, token.id)
    with town.portal.store.reading(town.here.admin.tenant) as session:
        known = tokens.tokens_of_school(session, town.here.admin)
        assert [each.id for each in known] == [token.id]


def test_nobody_logs_in_as_a_script(town: Town) -> None:
    with town.portal.store.begin(EVERYONE) as session:
        token, secret = tokens.issue_for_school(session, town.here.school.id, Wish("timetable"))
        login = session.get_one(User, token.user_id).login
    door = open_door(town.portal.settings, town.portal.store)
    for password in ("", secret, "None"):
        with pytest.raises(LoginRefused):
            door.authenticate(login, password)


def test_a_token_that_is_long_over_is_taken_away(town: Town) -> None:
    store, now = town.portal.store, time.time()
    kept, _ = make(town)
    with store.begin(EVERYONE) as session:
        old, _ = tokens.issue_for_school(session, town.here.school.id, Wish("timetable"))
        session.execute(
            update(Token).where(Token.id == old.id).values(ends_at=now - tokens.SHOWN_OVER_S - 1)
        )
    with store.begin(EVERYONE) as session:
        tokens.forget_old(session, now)
    with store.reading(EVERYONE) as session:
        assert session.scalars(select(Token.id)).all() == [kept.id]
        assert not session.get_one(User, old.user_id).active
