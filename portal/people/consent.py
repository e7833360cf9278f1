"""A school's consent to the centre's text, without which no faces and no voices come in.

The texts lie beside this module, a file for each version and language. A new version asks anew.
"""

from __future__ import annotations

import time
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from portal.language import N_
from portal.people.access import Action, require_school
from portal.people.viewer import Viewer
from portal.store.tables import Consent

VERSION = 1


def text(language: str) -> str:
    """The text of today, for a school's head to sign; its first line is its title."""
    name = f"{VERSION}.{'zh' if language.startswith('zh') else 'en'}.txt"
    return (files("portal.people") / "consent_texts" / name).read_text(encoding="utf-8")


def newest(session: Session, school_id: str, *, kept: bool = False) -> Consent | None:
    """What the school has said last, of whichever version, withdrawn or not.

    Where it is `kept`, nobody withdraws it before the end of the transaction.
    """
    said = select(Consent).where(Consent.school_id == school_id)
    last = said.order_by(Consent.recorded_at.desc(), Consent.id).limit(1)
    return session.scalar(last.with_for_update(read=True) if kept else last)


def holds(consent: Consent | None) -> bool:
    """Whether it is consent to the text of today."""
    return consent is not None and consent.version == VERSION and consent.withdrawn_at is None


def require_consent(session: Session, school_id: str | None, *, kept: bool = False) -> None:
    """Raise `Invalid` (personal) where people may not be shown; `kept` as for `newest`.

    What belongs to no school is every school's, and no school can consent for the others.
    """
    if school_id is None:
        raise Invalid.one(
            "personal",
            N_("What the centre brings in is for all schools, and may show nobody."),
        )
    if not holds(newest(session, school_id, kept=kept)):
        raise Invalid.one(
            "personal",
            N_(
                "Your school has not recorded its consent to data that shows people. "
                "Its administrator can do that on the page “Children's data”."
            ),
        )


def record(session: Session, viewer: Viewer, version: str) -> Consent:
    """Write down that the school has signed the text of `version`, as its page said it.

    Raises `NotAllowed`, and `Conflict` where that is not the text of today.
    """
    school_id = require_school(viewer, Action.CONSENT)
    if version != str(VERSION):
        raise Conflict(N_("There is a new text. Please read and sign that one."))
    before = newest(session, school_id)
    if before is not None and holds(before):
        return before
    made = Consent(
        school_id=school_id, version=VERSION, recorded_by=viewer.user_id, recorded_at=time.time()
    )
    session.add(made)
    session.flush()
    return made


def withdraw(session: Session, viewer: Viewer) -> None:
    """Write down that the school does not consent any more. Raises `NotAllowed`."""
    school_id = require_school(viewer, Action.CONSENT)
    found = newest(session, school_id)
    if found is not None and found.withdrawn_at is None:
        found.withdrawn_by, found.withdrawn_at = viewer.user_id, time.time()
        session.flush()
