"""Whether a data set shows people, or lets them be heard, and what has to be so before it may."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.datasets.viewer import Viewer
from portal.errors import Invalid
from portal.language import N_
from portal.people.consent import require_consent
from portal.store.tables import SchoolClass

# Kinds in which somebody may be seen or heard.
SHOWING = frozenset({"pictures"})


@dataclass(frozen=True)
class Shown:
    """Whether people are in it, and the class that such data goes with when its term is over."""

    people: bool
    class_id: str | None = None


NOBODY = Shown(people=False)


def who_is_shown(
    session: Session, viewer: Viewer, people: bool | None, which_class: str
) -> Shown | None:
    """What somebody has said of a file; None where nothing was said.

    Raises `Invalid` (personal) where that may not come in, and (class) without their class.
    """
    if people is None:
        return None
    if not people:
        return NOBODY
    require_consent(session, viewer.school_id)
    wanted = select(SchoolClass.id).where(
        (SchoolClass.id == which_class) | (SchoolClass.slug == which_class)
    )
    class_id = session.scalar(wanted)
    if class_id is None:
        raise Invalid.one(
            "class", N_("Choose the class that these people are of: the data goes when it goes.")
        )
    return Shown(people=True, class_id=class_id)


def require_answer(shown: Shown | None, kind: str) -> None:
    """Raise `Invalid` (personal) where nothing was said of a kind that may show people."""
    if shown is None and kind in SHOWING:
        raise Invalid.one("personal", N_("Say whether people are to be seen or heard in it."))


def require_allowed(session: Session, viewer: Viewer, shown: Shown) -> None:
    """Raise `Invalid` (personal) where people may not be shown: consent may have ended since.

    Whoever withdraws it in this very moment waits, and finds the data set that is made here.
    """
    if shown.people:
        require_consent(session, viewer.school_id, kept=True)
