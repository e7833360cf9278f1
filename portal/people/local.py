"""Accounts whose password hashes are in the portal's own database."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from portal.people import passwords
from portal.people.directory import LoginPaused, LoginRefused
from portal.people.guesses import Guesses
from portal.people.names import LONGEST_LOGIN
from portal.store import EVERYONE, Store
from portal.store.tables import User

Away = Callable[[Callable[[], bool]], bool]


def _here(work: Callable[[], bool]) -> bool:
    return work()


class LocalAccounts:
    """A `Directory` over the table of users.

    `away` does the hashing, some twenty milliseconds of pure computing: a server that answers
    many people in one thread hands in its thread pool.
    """

    def __init__(self, store: Store, away: Away = _here, guesses: Guesses | None = None) -> None:
        self._store = store
        self._away = away
        self._guesses = guesses or Guesses()

    def authenticate(self, login: str, password: str) -> str:
        """The id of the active user with this login and password.

        An unknown login takes as long as a wrong password and gets the same sentence. Raises
        `LoginRefused`, or `LoginPaused` after too many wrong guesses.
        """
        # Cut one character beyond the longest login: such a one is nobody's.
        login = login.strip().lower()[: LONGEST_LOGIN + 1]
        pause = self._guesses.pause_s(login)
        if pause:
            raise LoginPaused(pause)
        user = self._find(login)
        hashed = user.password_hash if user is not None else None
        known = hashed or passwords.decoy()
        right = self._away(lambda: passwords.check(known, password))
        if user is None or hashed is None or not user.active or not right:
            self._guesses.wrong(login)
            raise LoginRefused
        self._guesses.right(login)
        if passwords.needs_rehash(hashed):
            self._rehash(user.id, password)
        return user.id

    def _find(self, login: str) -> User | None:
        with self._store.reading(EVERYONE) as session:
            return session.scalar(select(User).where(User.login == login))

    def _rehash(self, user_id: str, password: str) -> None:
        hashed = passwords.hash_password(password)
        with self._store.begin(EVERYONE) as session:
            session.execute(update(User).where(User.id == user_id).values(password_hash=hashed))
