"""All of a class or of a school in one zip."""

from __future__ import annotations

import time

from flask import Response
from sqlalchemy.orm import Session

from portal.api.door import about, viewer
from portal.api.noun import Noun
from portal.api.reader import language
from portal.people.access import Action, require
from portal.people.classes import classes_of_school, get_class
from portal.people.schools import school_of
from portal.privacy.takehome import archive, pack
from portal.services import services
from portal.store.tables import SchoolClass

noun = Noun("takehome", "Data sets, models and curves, with a page that opens without the portal.")
ZIP = "application/zip"


@noun.reads("/classes/<id_or_slug>/takehome.zip", file=ZIP)
def of_class(id_or_slug: str) -> Response:
    """Take a class home."""
    require(viewer(), Action.ERASE)
    with services().store.reading(viewer().tenant) as session:
        found = get_class(session, viewer(), id_or_slug)
        return _sent(session, [found], found.name, found.slug)


@noun.reads("/schools/<school>/takehome.zip", file=ZIP)
def of_school(school: str) -> Response:
    """Take a school home."""
    require(viewer(), Action.ERASE_CLASS)
    with services().store.reading(viewer().tenant) as session:
        found = school_of(session, viewer(), school)
        about(f"school {found.id}", found.id)
        return _sent(session, classes_of_school(session, found), found.name, found.slug)


def _sent(session: Session, of: list[SchoolClass], title: str, name: str) -> Response:
    house = services()
    parcel = pack(session, house.settings, house.catalog, of, title, language(), time.time())
    response = Response(archive(house.settings.data.root, parcel), mimetype=ZIP)
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
    return response
