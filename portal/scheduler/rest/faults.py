"""What stands between the portal and slurmrestd, told apart so that staff are told what to do."""

from __future__ import annotations

from portal.language import N_
from portal.scheduler.errors import Unavailable


class NoToken(Unavailable):
    """The signer gave no token, so nothing was sent."""


class TokenRefused(Unavailable):
    """Slurm does not take the portal's token. Nothing was changed; a new token may be taken."""

    def __init__(self, words: str = "") -> None:
        sentence = N_(
            "The computing centre does not accept the portal's pass; its staff can renew the key."
        )
        super().__init__(f"Slurm does not take the portal's token; {words}", sentence)


class NoCommonVersion(Unavailable):
    """slurmrestd and the portal speak no version of the API in common."""
