"""What can go wrong between the portal and Slurm.

The sentence is for the person at the screen; `words` is what Slurm said, for staff. The question
that matters to the caller is whether anything may have happened: only `Ambiguous` says "perhaps".
"""

from __future__ import annotations

from portal.errors import PortalError
from portal.language import N_, Message


class SchedulerError(PortalError):
    """The scheduler did not do what it was asked."""

    def __init__(self, message: Message, *, transient: bool = False, words: str = "") -> None:
        super().__init__(message, transient=transient)
        self.words = words

    def __str__(self) -> str:
        return f"{self.message} [{self.words}]" if self.words else str(self.message)


class Rejected(SchedulerError):
    """Slurm understood the request and said no; asking the same again will not help."""


class QuotaExceeded(Rejected):
    """A limit of the account or QOS is reached; the same request may pass later."""


class NotPermitted(Rejected):
    """The account, partition, QOS or reservation is not open to the service user."""


class NoOperator(NotPermitted):
    """Only Slurm's operators may change this, and the service user is none."""

    def __init__(self, words: str) -> None:
        super().__init__(
            N_("Only an operator of the computing centre's Slurm may do this."), words=words
        )


class ChangeRefused(Rejected):
    """Slurm does not take this change of a reservation or an account."""

    def __init__(self, words: str) -> None:
        super().__init__(N_("The computing centre's Slurm does not take this change."), words=words)


class Unavailable(SchedulerError):
    """Slurm gave no answer that can be used, and nothing was changed by asking."""

    def __init__(self, words: str = "", message: Message | None = None) -> None:
        sentence = message or N_("The computing centre does not answer just now.")
        super().__init__(sentence, transient=True, words=words)


class Ambiguous(SchedulerError):
    """The submission may have happened: look with `find(name)` before anything else."""

    def __init__(self, words: str = "") -> None:
        sentence = N_("The computing centre has not confirmed yet that the work has arrived.")
        super().__init__(sentence, transient=True, words=words)


class Unsupported(SchedulerError):
    """This way to Slurm, or this version of Slurm, cannot do that at all; nothing was done."""

    def __init__(self, words: str) -> None:
        sentence = N_("This cannot be done by the way in which the portal reaches Slurm here.")
        super().__init__(sentence, words=words)
