"""JSON under /api/v1 for programs: the same rooms as the pages, and no other way into them."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.api import (
    audit,
    cards,
    classes,
    cluster,
    consent,
    datasets,
    deletions,
    door,
    faults,
    fit,
    lessons,
    me,
    people,
    results,
    runs,
    schools,
    takehome,
    templates,
    terms,
    tokens,
    usage,
)
from portal.api.noun import Noun
from portal.api.openapi import PREFIX, document
from portal.api.reader import language
from portal.errors import PortalError
from portal.services import services

NOUNS = (
    *(tokens, me, templates, datasets, classes, cards, fit, lessons, runs, results, usage),
    *(cluster, audit, schools, people, consent, terms, deletions, takehome),
)
BODY_LIMIT = 1024 * 1024
HTTP_FAULTS = (400, 404, 405, 408, 413, 415, 429, 503)


def register(app: Flask) -> None:
    """Put the API into an application."""
    front = Noun("api", "What is done in a lesson, for programs.", PREFIX)
    front.before_request(_limit_body)
    front.before_request(door.ask)
    front.after_request(_mark)
    front.register_error_handler(PortalError, faults.of_portal)
    front.register_error_handler(OperationalError, faults.of_database)
    front.register_error_handler(Exception, faults.of_anything)
    for status in HTTP_FAULTS:
        front.register_error_handler(status, faults.of_http)
    front.register_error_handler(HTTPException, faults.of_http)
    for module in NOUNS:
        front.register_blueprint(module.noun)
    document(app).register_blueprint(front)
    app.before_request(_nowhere)
    if isinstance(app.json, DefaultJSONProvider):
        # Chinese as itself, for people who read answers with curl.
        app.json.ensure_ascii = False
    csrf = app.extensions.get("csrf")
    if csrf is not None:
        for module in NOUNS:
            csrf.exempt(module.noun)


def _nowhere() -> Response | None:
    """Addresses below /api/v1 that nothing is at belong to no blueprint, and get our shape too."""
    error = request.routing_exception
    if error is None or not request.path.startswith(f"{PREFIX}/"):
        return None
    return None if isinstance(error, RequestRedirect) else _mark(faults.of_http(error))


def _limit_body() -> None:
    limit = BODY_LIMIT
    if request.mimetype == "multipart/form-data":
        limit += services().settings.data.upload_mb * 1024 * 1024
    request.max_content_length = limit


def _mark(response: Response) -> Response:
    """What every answer says about itself."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language()
    response.vary.update(("Accept-Language", "Authorization"))
    return response
