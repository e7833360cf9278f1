"""Accounts whose password hashes are in the portal's own database."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from portal.people import passwords
from portal.people.login.refusals import SCHOOL_IS_OFF, LoginRefused, NoPlaceHere
from portal.people.login.way import Identity, Place
from portal.people.viewer import Role
from portal.store import EVERYONE, Store, answering
from portal.store.tables import User

LOCAL = "local"

Away = Callable[[Callable[[], bool]], bool]


def here(work: Callable[[], bool]) -> bool:
    """Compute where one is."""
    return work()


class LocalAccounts:
    """A `Way` over the table of users.

    `away` does the hashing, some twenty milliseconds of pure computing: a server that answers
    many people in one thread hands in its thread pool.
    """

    def __init__(self, store: Store, away: Away = here) -> None:
        self._store = store
        self._away = away

    def prove(self, login: str, password: str) -> Identity:
        """The active user with this login and password; the subject is the user's id.

        An unknown login takes as long as a wrong password.
        """
        with answering():
            user = self._find(login)
        hashed = user.password_hash if user is not None else None
        known = hashed or passwords.decoy()
        right = self._away(lambda: passwords.check(known, password))
        if user is None or hashed is None or not right:
            raise LoginRefused
        if not user.active or user.left_at is not None:
            raise LoginRefused
        if user.school is not None and not user.school.active:
            raise NoPlaceHere(SCHOOL_IS_OFF)
        if passwords.needs_rehash(hashed):
            self._rehash(user.id, password)
        school = user.school.slug if user.school is not None else None
        return Identity(
            way=LOCAL,
            subject=user.id,
            login=user.login,
            name=user.name,
            place=Place(Role(user.role), school),
        )

    def _find(self, login: str) -> User | None:
        with self._store.reading(EVERYONE) as session:
            return session.scalar(select(User).where(User.login == login))

    def _rehash(self, user_id: str, password: str) -> None:
        hashed = passwords.hash_password(password)
        with self._store.begin(EVERYONE) as session:
            session.execute(update(User).where(User.id == user_id).values(password_hash=hashed))
