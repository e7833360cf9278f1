"""The templates that a viewer's school uses: all of the site's but those that staff switched off.

Which those are came with the viewer, so that nobody asks the database for it.
"""

from __future__ import annotations

from portal.catalog import Template
from portal.errors import NotAllowed, NotFound
from portal.language import N_, Message
from portal.people.viewer import Viewer
from portal.runs.house import House


def templates_of(house: House, viewer: Viewer) -> tuple[Template, ...]:
    """Those that the viewer may train with, by name."""
    return tuple(each for each in house.catalog.all() if each.name not in viewer.templates_off)


def template_of(house: House, viewer: Viewer, name: str) -> Template:
    """One of them; raises `NotFound` for one that there is not, or not for this school."""
    if name in viewer.templates_off:
        raise NotFound(_not_used(name))
    return house.catalog.get(name)


def require_used(viewer: Viewer, name: str) -> None:
    """Raise `NotAllowed` where the viewer's school does not use the template."""
    if name in viewer.templates_off:
        raise NotAllowed(_not_used(name))


def _not_used(name: str) -> Message:
    return N_(
        "Your school does not use the template “{name}”. The centre's staff can switch it on.",
        name=name,
    )
