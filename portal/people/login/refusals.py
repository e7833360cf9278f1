"""Why somebody does not get in, in one sentence each."""

from __future__ import annotations

from portal.errors import PortalError
from portal.language import N_, Message

SCHOOL_IS_OFF = N_(
    "Your school is switched off in this portal. Its data is kept. Please ask the centre's staff."
)
KEPT_OUT = N_(
    "Your account is kept out of this portal. Please ask your school's administrator or the "
    "centre's staff."
)


class LoginRefused(PortalError):
    """Login and password do not go together. The sentence does not say which was wrong."""

    def __init__(self, message: Message | None = None, *, field: str | None = None) -> None:
        sentence = message or N_("This login and password do not go together.")
        super().__init__(sentence, field=field)


class LoginPaused(LoginRefused):
    """Too many wrong guesses; `seconds` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            N_("Too many wrong tries. Please wait {seconds} s and try again.", seconds=seconds)
        )
        self.seconds = seconds


class NoPlaceHere(LoginRefused):
    """The password is right, and its owner has nothing to do in this portal; `why` says it."""

    def __init__(self, why: Message) -> None:
        super().__init__(why)
