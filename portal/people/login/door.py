"""The one door: every login by page, API or command goes through it, whatever the way.

It counts wrong guesses, refuses what no directory should ever see, chooses the way, and makes all
refusals alike in words and in time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.config import Login, Settings
from portal.people import codes, passwords
from portal.people.guesses import Guesses, Kind, Pool
from portal.people.login.arrivals import arrive
from portal.people.login.cards import Cards
from portal.people.login.ldap import LdapWay
from portal.people.login.local import LOCAL, Away, LocalAccounts, here
from portal.people.login.refusals import LoginPaused, LoginRefused, NoPlaceHere
from portal.people.login.visitor import NOBODY, Friend, Visitor
from portal.people.login.way import Identity, NoPlace, Way
from portal.people.names import LONGEST_LOGIN
from portal.people.viewer import Role
from portal.store import EVERYONE, Store
from portal.store.tables import User

# A local hash takes some 30 ms and a directory's answer some 10: nobody shall learn from the time
# which of the two was asked, or whether there is such a person.
REFUSAL_S = 0.25
# ASCII before anything is made lower-case: a Kelvin sign would become a k.
_LOGIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@-]{{0,{LONGEST_LOGIN - 1}}}")

Found = TypeVar("Found")


@dataclass(frozen=True)
class Seated:
    """Somebody sat down: the user and class of the seat, and when the card was made."""

    user_id: str
    class_id: str
    dealt_at: float | None


class Door:
    """Who may come in.

    With a `directory`, local accounts open the door to `local_roles` alone: to the seats, which
    no directory knows, and to staff, for the day on which the directory is away.
    """

    def __init__(
        self,
        store: Store,
        local: Way,
        directory: Way | None = None,
        local_roles: Collection[Role] = tuple(Role),
        guesses: Guesses | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        cards: Cards | None = None,
    ) -> None:
        self._store = store
        self._cards = cards or Cards(store)
        self._local = local
        self._directory = directory
        self._local_roles = frozenset(local_roles)
        self._guesses = guesses or Guesses(store)
        self._sleep = sleep
        self._clock = clock

    def authenticate(self, login: str, password: str, visitor: Visitor = NOBODY) -> str:
        """The id of the user who proved to be `login`.

        Raises `LoginRefused`, `LoginPaused` after too many wrong guesses, `NoPlaceHere` for
        somebody who is known and has no role or school here, and `portal.errors.Unavailable`.
        """
        # Cut one character beyond the longest login: such a one is nobody's.
        login = login.strip()[: LONGEST_LOGIN + 1]
        owner = Friend.of_login(login)
        strangers = [Pool(Kind.ACCOUNT, owner.who), *visitor.pools()]
        taken = self._take(visitor, owner, strangers)
        return self._welcome(self._look(taken, lambda: self._prove(login, password)))

    def take_seat(self, code: str, number: int, pin: str, visitor: Visitor = NOBODY) -> Seated:
        """The seat whose PIN was shown, as `authenticate`; a refusal says which field is wrong."""
        login = f"{codes.read(code)}-{number}"
        # Who was let in before is not kept out because others at the same address look for codes.
        looking = [] if visitor.friends else self._taken(visitor.pools())
        chair = self._look(looking, lambda: self._cards.find(login))
        owner = Friend(chair.school_class.id, chair.seat.user_id)
        strangers = [Pool(Kind.ACCOUNT, owner.who), Pool(Kind.CLASS, owner.place)]
        if not looking:
            strangers += visitor.pools()
        taken = [*looking, *self._take(visitor, owner, strangers)]
        self._look(taken, lambda: self._cards.sit(chair, pin))
        return Seated(owner.who, owner.place, chair.seat.dealt_at)

    def _take(self, visitor: Visitor, wanted: Friend, strangers: list[Pool]) -> list[Pool]:
        """Take a guess from the small allowance of a friend, or else from everybody's."""
        friend = visitor.friend_at(wanted)
        if friend is not None:
            own = [Pool(Kind.FRIEND, friend.who)]
            if not self._guesses.take(own):
                return own
        return self._taken(strangers)

    def _taken(self, pools: list[Pool]) -> list[Pool]:
        pause = self._guesses.take(pools)
        if pause:
            raise LoginPaused(pause)
        return pools

    def _look(self, taken: list[Pool], look: Callable[[], Found]) -> Found:
        """Look at a guess that was taken; it is given back unless it was wrong."""
        began = self._clock()
        try:
            found = look()
        except LoginRefused as refused:
            if isinstance(refused, NoPlaceHere):
                self._guesses.give_back(taken)
            else:
                self._sleep(max(0.0, REFUSAL_S - (self._clock() - began)))
            raise
        except Exception:
            self._guesses.give_back(taken)
            raise
        self._guesses.give_back(taken)
        return found

    def _prove(self, login: str, password: str) -> Identity:
        # A bind with a name and no password succeeds, as nobody: RFC 4513, section 5.1.2.
        if not password or len(password) > passwords.LONGEST or not _LOGIN.fullmatch(login):
            raise LoginRefused
        login = login.lower()
        if self._directory is None or self._is_local(login):
            return self._local.prove(login, password)
        return self._directory.prove(login, password)

    def _is_local(self, login: str) -> bool:
        with self._store.reading(EVERYONE) as session:
            user = session.scalar(select(User).where(User.login == login))
        return (
            user is not None
            and user.password_hash is not None
            and Role(user.role) in self._local_roles
        )

    def _welcome(self, identity: Identity) -> str:
        if identity.way == LOCAL:
            return identity.subject
        try:
            arrived = self._arrive(identity)
        except IntegrityError:
            # The same person's first login in another process was a moment quicker.
            arrived = self._arrive(identity)
        if isinstance(arrived, NoPlace):
            raise NoPlaceHere(arrived.why)
        return arrived

    def _arrive(self, identity: Identity) -> str | NoPlace:
        with self._store.begin(EVERYONE) as session:
            return arrive(session, identity)


def roles_with_passwords(login: Login) -> frozenset[Role]:
    """The roles whose people the portal keeps passwords for; of all others a directory knows."""
    return frozenset(Role) if login.way == LOCAL else frozenset(map(Role, login.local_roles))


def open_door(settings: Settings, store: Store, away: Away = here) -> Door:
    """The door of a portal as its settings say."""
    local, cards = LocalAccounts(store, away), Cards(store, away)
    if settings.login.way == LOCAL:
        return Door(store, local, cards=cards)
    roles = roles_with_passwords(settings.login)
    directory = LdapWay(settings.ldap, settings.ldap_groups)
    return Door(store, local, directory, roles, cards=cards)
