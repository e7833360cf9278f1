"""Pages for people: HTTP and HTML only. What is true is decided in the rooms below."""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect

from portal.services import EXTENSION, Services
from portal.web import (
    account,
    appearance,
    assets,
    audit,
    broadcast,
    cards,
    classes,
    cluster,
    cookies,
    data,
    failures,
    formats,
    gallery,
    headers,
    history,
    home,
    latency,
    lessons,
    login,
    noted,
    operations,
    people,
    results,
    rosters,
    runs,
    school_data,
    schools,
    seat,
    session,
    sit,
    speech,
    tokens,
    train,
    uploads,
    usage,
    words,
)

NOUNS = (
    account,
    appearance,
    audit,
    cards,
    classes,
    cluster,
    data,
    gallery,
    history,
    home,
    lessons,
    operations,
    people,
    results,
    rosters,
    runs,
    school_data,
    schools,
    seat,
    session,
    sit,
    tokens,
    train,
    usage,
)


def register(app: Flask) -> None:
    """Give an application that has its `Services` all the pages."""
    house: Services = app.extensions[EXTENSION]
    app.config.update(cookies.configuration(house.settings.web))
    speech.register(app, house.settings.portal)
    latency.register(app)
    # What is registered first sees an answer last: compression comes after all that is below.
    Compress(app)
    # The size of a body is limited before anything, CSRF's check included, reads it.
    uploads.register(app, house.settings.data)
    CSRFProtect(app)
    login.register(app)
    headers.register(app)
    assets.register(app)
    formats.register(app)
    words.register(app)
    failures.register(app)
    broadcast.register(app, house)
    noted.register(app)
    for noun in NOUNS:
        app.register_blueprint(noun.blueprint)
