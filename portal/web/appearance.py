"""What a reader chooses about how pages look: their language, light or dark."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.language import LANGUAGES
from portal.people import accounts
from portal.services import services
from portal.web.login import open_to_all
from portal.web.places import back
from portal.web.speech import CHOSEN

THEME = "theme"
THEMES = ("auto", "light", "dark")
YEAR = 31_536_000

blueprint = Blueprint("appearance", __name__)


@blueprint.app_context_processor
def _theme() -> dict[str, str]:
    chosen = request.cookies.get(THEME, "auto")
    return {
        "theme": chosen if chosen in THEMES else "auto",
        "portal_name": services().settings.portal.name,
    }


@blueprint.post("/language")
@open_to_all
def language() -> ResponseReturnValue:
    """Choose a language, here and in the profile of whoever is logged in."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        cookie[CHOSEN] = chosen
        if current_user.is_authenticated:
            viewer = current_user.viewer
            with services().store.begin(viewer.tenant) as session:
                accounts.set_language(session, viewer, chosen)
    return redirect(back())


@blueprint.post("/theme")
@open_to_all
def theme() -> ResponseReturnValue:
    """Choose light, dark, or what the device says."""
    chosen = request.form.get("theme", "")
    response = redirect(back())
    if chosen in THEMES:
        response.set_cookie(
            THEME,
            chosen,
            max_age=YEAR,
            httponly=True,
            samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
    return response
