"""The audit log as a page and as a table to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.people import commanded, deeds, schools
from portal.people.access import Action, require
from portal.people.viewer import LABELS
from portal.web import noted, spreadsheet
from portal.web.login import reading, viewer
from portal.web.speech import say

PAGE = 100

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Who did what to whose data, newest first."""
    require(viewer(), Action.SEE_AUDIT)
    with reading() as session:
        known = schools.list_schools(session)
        found = deeds.deeds(
            session, viewer(), limit=PAGE + 1, before=request.args.get("before"), **_asked(session)
        )
        return render_template(
            "audit.html",
            entries=found[:PAGE],
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            schools=known if viewer().is_staff else [],
            names={school.id: school.name for school in known},
            words=noted.WORDS,
            roles={**LABELS, commanded.ROLE: commanded.LABEL},
            given={name: request.args[name] for name in _FILTERS if request.args.get(name)},
        )


@blueprint.get("/audit.csv")
def table() -> ResponseReturnValue:
    """All of it; times are UTC."""
    require(viewer(), Action.SEE_AUDIT)
    return spreadsheet.answer("audit.csv", _rows())


_FILTERS = ("actor", "school")


def _rows() -> Iterator[tuple[object, ...]]:
    yield (
        *(_("Time"), _("Who"), _("Role"), _("Did"), _("What exactly")),
        *(_("School"), _("To what"), _("Address")),
    )
    with reading() as session:
        names = _names(session)
        for entry in deeds.every_deed(session, viewer(), **_asked(session)):
            moment = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds")
            words = say(noted.WORDS[entry.what]) if entry.what in noted.WORDS else ""
            yield (
                *(moment, entry.actor, entry.role, words, entry.what),
                *(names.get(entry.school_id, ""), entry.thing or "", entry.address or ""),
            )


def _asked(session: Session) -> dict[str, Any]:
    slug, actor = request.args.get("school"), request.args.get("actor")
    found = [school.id for school in schools.list_schools(session) if school.slug == slug]
    return {"actor": actor or None, "school_id": found[0] if found else None}


def _names(session: Session) -> Mapping[str | None, str]:
    return {school.id: school.name for school in schools.list_schools(session)}
