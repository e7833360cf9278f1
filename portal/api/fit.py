"""Does a lesson fit before the bell?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from portal.api.door import viewer
from portal.api.lessons import NewLessonSchema, request_of
from portal.api.noun import Noun
from portal.api.reader import language
from portal.lessons.fit import fit
from portal.people.scopes import Scope
from portal.services import services

noun = Noun("fit", "Whether a lesson fits, before it is launched.")


class FitSchema(ma.Schema):
    """What a launch would take."""

    fits = ma.fields.Boolean(required=True)
    sentence = ma.fields.String(required=True)
    seats = ma.fields.Integer(required=True)
    eighths = ma.fields.Integer(required=True, metadata={"description": "Of a GPU, for a seat."})
    gpus = ma.fields.Float(required=True, metadata={"description": "GPUs' worth, for all seats."})
    seconds_per_run = ma.fields.Float(required=True)
    measured = ma.fields.Boolean(
        required=True,
        metadata={"description": "Whether past runs tell, or only the template's own estimate."},
    )
    at_once = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "Seats that train side by side."}
    )
    waves = ma.fields.Integer(required=True)
    total_seconds = ma.fields.Float(required=True)
    seconds_left = ma.fields.Float(required=True)


@noun.changes("/fit", FitSchema, Scope.READ, body=NewLessonSchema)
def ask(body: dict[str, Any]) -> dict[str, Any]:
    """Say whether a lesson would fit. Nothing is started."""
    house = services()
    with house.store.reading(viewer().tenant) as session:
        found = fit(session, house, viewer(), request_of(body))
    return {**asdict(found), "sentence": found.sentence.in_language(language())}
