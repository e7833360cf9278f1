"""What follows when a school withdraws its consent."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people import consent
from portal.people.viewer import Viewer
from portal.privacy.erasures import BY_CONSENT, put_up
from portal.store.tables import DataSet, Erasure


def withdraw(session: Session, viewer: Viewer) -> list[Erasure]:
    """Withdraw it, and put up for deletion what shows people; raises `NotAllowed`."""
    consent.withdraw(session, viewer)
    shown = select(DataSet).where(DataSet.school_id == viewer.school_id, DataSet.personal.is_(True))
    return [
        put_up(session, "data", data.id, data.school_id, BY_CONSENT, viewer.user_id)
        for data in session.scalars(shown)
        if data.school_id is not None
    ]
