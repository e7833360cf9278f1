"""Where a guess comes from, as far as it can be known before somebody has proven who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from portal.people.guesses import Kind, Pool


class Friend(NamedTuple):
    """Somebody who was let in on this device before, and where: at a login, or in a class."""

    place: str
    who: str

    @classmethod
    def of_login(cls, login: str) -> Friend:
        """Somebody with a login, who is a friend at that login alone."""
        who = login.strip().lower()
        return cls(f"login:{who}", who)


@dataclass(frozen=True)
class Visitor:
    """An address, a browser, and who was let in with that browser before."""

    address: str | None = None
    session: str | None = None
    friends: tuple[Friend, ...] = ()

    def friend_at(self, wanted: Friend) -> Friend | None:
        """Whose word counts for this device at a place: the owner's own before a classmate's."""
        here = [friend for friend in self.friends if friend.place == wanted.place]
        return wanted if wanted in here else here[0] if here else None

    def pools(self) -> list[Pool]:
        """The allowances of the browser and of the address."""
        kinds = ((Kind.SESSION, self.session), (Kind.ADDRESS, self.address))
        return [Pool(kind, whose) for kind, whose in kinds if whose]


NOBODY = Visitor()
