"""What stands behind any way to log in: local accounts now, the LDAP of a school later."""

from __future__ import annotations

from typing import Protocol

from portal.errors import PortalError
from portal.language import N_, Message


class LoginRefused(PortalError):
    """Login and password do not go together. The sentence does not say which was wrong."""

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(message or N_("This login and password do not go together."))


class LoginPaused(LoginRefused):
    """Too many wrong guesses at one account; `seconds` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            N_("Too many wrong passwords for this login. Please wait {seconds} s.", seconds=seconds)
        )
        self.seconds = seconds


class Directory(Protocol):
    """Something that knows who has which password."""

    def authenticate(self, login: str, password: str) -> str:
        """The id of the user who proved to be `login`.

        Raises `LoginRefused`, or `portal.errors.Unavailable` where nobody can say just now.
        """
        ...
