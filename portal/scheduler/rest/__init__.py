"""The backend over slurmrestd, for a portal that stands outside the cluster."""

from portal.scheduler.rest.backend import RestScheduler, Undisclosed
from portal.scheduler.rest.client import Client
from portal.scheduler.rest.faults import NoCommonVersion, NoToken, TokenRefused
from portal.scheduler.rest.tokens import CommandSigner, KeySigner, Tokens

__all__ = [
    "Client",
    "CommandSigner",
    "KeySigner",
    "NoCommonVersion",
    "NoToken",
    "RestScheduler",
    "TokenRefused",
    "Tokens",
    "Undisclosed",
]
