"""What names may look like, with the sentence for one that may not."""

from __future__ import annotations

import re

from portal.language import N_, Message

LONGEST_NAME = 80
LONGEST_LOGIN = 99
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,98}")
# sacctmgr keeps accounts in lower case: https://slurm.schedmd.com/sacctmgr.html
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def fault_of_slug(slug: str) -> Message | None:
    """What is wrong with a short name that stands in addresses and logins."""
    if _SLUG.fullmatch(slug):
        return None
    return N_("Use 1 to 40 lower-case letters, digits and hyphens, as in 7-2.")


def fault_of_login(login: str) -> Message | None:
    """What is wrong with a login."""
    if _LOGIN.fullmatch(login):
        return None
    return N_("Use 2 to {most} lower-case letters, digits, dots and hyphens.", most=LONGEST_LOGIN)


def fault_of_account(account: str) -> Message | None:
    """What is wrong with the name of a Slurm account."""
    if _ACCOUNT.fullmatch(account):
        return None
    return N_("Use a Slurm account: lower-case letters, digits, _ and -.")


def fault_of_name(name: str) -> Message | None:
    """What is wrong with a name that people read."""
    if name.strip() and len(name) <= LONGEST_NAME and name.isprintable():
        return None
    return N_("Use 1 to {most} characters on one line.", most=LONGEST_NAME)
