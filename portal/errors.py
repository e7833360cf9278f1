"""One root for every error that the portal raises on purpose.

The sentence for the person is apart from the cause (`raise … from cause`), and `transient` says
whether trying again later may help. The edges turn these into HTTP answers and exit codes once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.language import N_, Message


class PortalError(Exception):
    """Something a person should be told in one sentence."""

    def __init__(
        self, message: Message, *, transient: bool = False, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.transient = transient
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class NotFound(PortalError):
    """No such thing, or none that this person may know of."""


class NotAllowed(PortalError):
    """The person is known, and may not do this."""


class Conflict(PortalError):
    """It cannot be done in the state that things are in now."""


class TooLarge(PortalError):
    """What was sent is over a limit."""


class Unavailable(PortalError):
    """Something the portal needs does not answer just now."""

    def __init__(self, message: Message, *, field: str | None = None) -> None:
        super().__init__(message, transient=True, field=field)


class Invalid(PortalError):
    """Values that cannot be used, each fault beside the field it is about."""

    def __init__(self, errors: Mapping[str, Sequence[Message]]) -> None:
        super().__init__(N_("Please look at the marked fields."))
        self.errors = {name: tuple(messages) for name, messages in errors.items()}

    @classmethod
    def one(cls, field: str, message: Message) -> Invalid:
        """A single fault of a single field."""
        return cls({field: (message,)})

    def __str__(self) -> str:
        return "; ".join(f"{k}: {m}" for k, ms in self.errors.items() for m in ms)
