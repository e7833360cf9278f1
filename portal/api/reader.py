"""The language of whoever reads an answer."""

from __future__ import annotations

from flask import g, request

from portal.language import LANGUAGES
from portal.services import services


def language() -> str:
    """What the request asks for, else what its person chose, else what the site speaks."""
    asked = request.accept_languages.best_match(LANGUAGES)
    if asked is not None:
        return asked
    viewer = g.get("api_viewer")
    chosen = viewer.language if viewer is not None else None
    return chosen or services().settings.portal.language
