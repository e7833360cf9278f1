"""Text that no database can hold finds nothing, and breaks nothing: it may come in any address."""

from __future__ import annotations

import pytest

from portal.datasets import shelf
from portal.errors import Invalid, NotFound
from portal.lessons import queries as lessons
from portal.people import tokens
from portal.people.accounts import add
from portal.people.classes import get_class
from portal.people.login import Door, LoginRefused
from portal.people.login.local import LocalAccounts
from portal.people.schools import get_school
from portal.people.viewer import Role
from portal.runs import queries as runs
from portal.store import EVERYONE
from tests.town import Town

# PostgreSQL holds no NUL, neither database half a surrogate pair, as JSON may well bring it.
ODD = ["\x00", "7-2\x00", "\ud800", "x" * 100_000, "'; DROP TABLE run; --", "%", "７-２"]


@pytest.mark.parametrize("odd", ODD)
def test_it_is_no_id_of_anything(town: Town, odd: str) -> None:
    viewer = town.here.teacher
    with town.portal.store.reading(viewer.tenant) as session:
        for ask in (
            lambda: get_class(session, viewer, odd),
            lambda: get_school(session, odd),
            lambda: shelf.get(session, viewer, odd),
            lambda: lessons.get_lesson(session, viewer, odd),
            lambda: runs.get_run(session, viewer, odd),
            lambda: runs.history(session, viewer, before=odd),
        ):
            with pytest.raises(NotFound):
                ask()
        assert runs.history(session, viewer, class_id=odd, template=odd) == []
        assert lessons.lessons(session, viewer, class_id=odd) == []


@pytest.mark.parametrize("odd", ODD)
def test_it_logs_nobody_in(town: Town, odd: str) -> None:
    store = town.portal.store
    accounts = Door(store, LocalAccounts(store), sleep=lambda _: None)
    for login, password in ((odd, "x"), ("t-hua", odd)):
        with pytest.raises(LoginRefused):
            accounts.authenticate(login, password)
    assert tokens.resolve(town.portal.store, odd) is None
    assert tokens.resolve(town.portal.store, tokens.PREFIX + odd) is None


@pytest.mark.parametrize("odd", ODD)
def test_it_is_a_fault_beside_its_field(town: Town, odd: str) -> None:
    with pytest.raises(Invalid) as caught:
        town.start(
            town.here.teacher,
            template=odd,
            data=odd,
            language=odd,
        )
    assert set(caught.value.errors) == {"template", "data", "language"}
    with pytest.raises(Invalid) as caught:
        town.start(town.here.teacher, parameters={odd: odd, "algorithm": odd, "features": [odd]})
    assert set(caught.value.errors) == {
        f"parameters.{odd}",
        "parameters.algorithm",
        "parameters.features",
    }
    with pytest.raises(Invalid) as caught:
        town.launch(school_class=odd)
    assert set(caught.value.errors) == {"class"}


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "x" * 100_000])
def test_it_is_nobodys_name_or_password(town: Town, odd: str) -> None:
    with town.portal.store.begin(EVERYONE) as session, pytest.raises(Invalid) as caught:
        add(
            session,
            login=odd,
            name=odd,
            role=Role.TEACHER,
            school_id=town.here.school.id,
            password=odd,
        )
    assert set(caught.value.errors) == {"login", "name", "password"}
