"""What a way to log in is: a login name and a password become an identity, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from portal.language import Message
from portal.people.viewer import Role


@dataclass(frozen=True)
class Place:
    """What somebody is in the portal, and in which school (its slug; staff have none)."""

    role: Role
    school: str | None


@dataclass(frozen=True)
class NoPlace:
    """Somebody who is known, and is nothing in the portal; `why` is for their eyes."""

    why: Message


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody who has proven who they are.

    `subject` is the same for ever for the same person of the same way; logins and names may change.
    """

    way: str
    subject: str
    login: str
    name: str
    place: Place | NoPlace


class Way(Protocol):
    """Something that knows who has which password. Each one passes `tests/people/login/contract`.

    The door has looked at what it hands in: the login is lower-case ASCII of 1 to 99 characters,
    and the password is neither empty nor endless.
    """

    def prove(self, login: str, password: str) -> Identity:
        """Who the owner of login and password is.

        Raises `LoginRefused` with the one sentence that never says which of the two was wrong, and
        `portal.errors.Unavailable` where nobody can say just now.
        """
        ...
