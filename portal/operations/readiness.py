"""Whether this portal can do its work now, and what is missing where it cannot."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from portal.language import N_, Message
from portal.operations import pulse
from portal.store import EVERYONE, Store
from portal.store.migrate import is_current


@dataclass(frozen=True)
class Missing:
    """One thing that the portal needs and does not have."""

    what: str
    message: Message


def missing(store: Store, now: float) -> list[Missing]:
    """What is missing at `now` (UTC seconds); empty where the portal is ready."""
    try:
        if not is_current(store):
            said = N_("The database is not of this release: run kesuan migrate.")
            return [Missing("database", said)]
        with store.reading(EVERYONE) as session:
            signs = pulse.take(session, now)
    except DBAPIError as error:
        said = N_("The database does not answer: {error}", error=error.orig)
        return [Missing("database", said)]
    if signs.leads:
        return []
    if signs.renewed_s is None:
        return [Missing("agent", N_("No agent has worked here yet."))]
    return [
        Missing(
            "agent",
            N_(
                "No agent works; the last one was there {seconds} s ago.",
                seconds=round(signs.renewed_s),
            ),
        )
    ]
