"""Which language a page speaks: the reader's choice, else the browser's, else the site's."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask import session as cookie
from flask_babel import Babel, get_locale
from flask_login import current_user

from portal.config import Portal
from portal.language import DEFAULT_LANGUAGE, DOMAIN, LANGUAGES, Message, Text, locale_folder

CHOSEN = "language"


def register(app: Flask, portal: Portal) -> None:
    """Wire Flask-Babel, and the filter `say` for sentences and data of both languages."""
    app.config["KESUAN_LANGUAGE"] = portal.language
    Babel(
        app,
        default_locale=portal.language,
        default_timezone=portal.timezone,
        default_domain=DOMAIN,
        default_translation_directories=str(locale_folder()),
        locale_selector=lambda: reader_language(portal.language),
    )
    app.jinja_env.filters["say"] = say
    app.jinja_env.globals["language"] = language


def reader_language(fallback: str = DEFAULT_LANGUAGE) -> str:
    """The language for whoever is asking: `zh` or `en`."""
    if not has_request_context():
        return fallback
    profile = current_user.viewer.language if current_user.is_authenticated else None
    for wanted in (cookie.get(CHOSEN), profile):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES) or fallback


def language() -> str:
    """The language of the page that is being made."""
    locale = get_locale()
    return locale.language if locale is not None else DEFAULT_LANGUAGE


def say(thing: Message | Text | str | None) -> str:
    """A sentence from a room, or data in both languages, for this reader."""
    if isinstance(thing, Message | Text):
        return thing.in_language(language())
    return "" if thing is None else str(thing)
