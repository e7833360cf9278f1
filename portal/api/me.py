"""Who one is, to the portal."""

from __future__ import annotations

import marshmallow as ma

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.people.viewer import Viewer

noun = Noun("me", "Whose token it is.")


class ViewerSchema(ma.Schema):
    """The person, seat or script that a token belongs to."""

    login = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    role = ma.fields.String(required=True, metadata={"example": "teacher"})
    school_id = ma.fields.String(required=True, allow_none=True)
    language = ma.fields.String(required=True, allow_none=True)
    class_id = ma.fields.String(required=True, allow_none=True)
    seat_id = ma.fields.String(required=True, allow_none=True)


@noun.reads("/me", ViewerSchema)
def me() -> Viewer:
    """Whose token this is."""
    return viewer()
