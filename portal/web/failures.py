"""Errors become answers here, once: a page, a fragment for htmx, or a line of JSON."""

from __future__ import annotations

import logging

from flask import Flask, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from portal.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PortalError,
    TooLarge,
    Unavailable,
)
from portal.store import NoDatabase, silent
from portal.web.login import API, wants_page
from portal.web.speech import say

STATUS: tuple[tuple[type[PortalError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Invalid, 422),
    (Conflict, 409),
    (TooLarge, 413),
    (Unavailable, 503),
)

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Answer every error of the pages in the reader's language."""
    app.register_error_handler(PortalError, _told)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: PortalError) -> int:
    """The HTTP status of an error of ours."""
    return next((code for kind, code in STATUS if isinstance(error, kind)), 400)


def _told(error: PortalError) -> ResponseReturnValue:
    return answer(status_of(error), sentence(error), retry=error.transient)


def sentence(error: PortalError) -> str:
    """What a person is told, with the faults of single fields where there is no form to show."""
    if isinstance(error, Invalid):
        return " ".join(say(message) for faults in error.errors.values() for message in faults)
    return say(error.message)


def _stale(_error: CSRFError) -> ResponseReturnValue:
    return answer(
        400, _("This page had been open for too long. Please go back, reload it and try again.")
    )


def _plain(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    sentences = {
        401: _("Please log in first."),
        403: _("This is not open to you."),
        404: _("There is nothing at this address, or it is not yours to see."),
        405: _("This cannot be done this way."),
        413: _("What was sent is too large."),
    }
    return answer(code, sentences.get(code, _("The portal could not understand this request.")))


def _no_database(error: OperationalError) -> ResponseReturnValue:
    if not silent(error):
        return _unexpected(error)
    log.error("the database does not answer", exc_info=error, extra={"path": request.path})
    return _told(NoDatabase())


def _unexpected(error: Exception) -> ResponseReturnValue:
    told = {"method": request.method, "path": request.path}
    log.exception("a page failed", exc_info=error, extra=told)
    return answer(
        500,
        _("Something went wrong on our side. Nothing that had been saved is lost."),
        retry=True,
    )


def answer(code: int, words: str, *, retry: bool = False) -> ResponseReturnValue:
    """An error in the shape that the one who asked can show."""
    if request.headers.get("HX-Request"):
        response = make_response(render_template("fragments/notice.html", words=words), code)
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
        return response
    if request.path.startswith(API) or not wants_page():
        return jsonify(code=code, message=words, errors={}, transient=retry), code
    return render_template("failure.html", code=code, words=words, retry=retry), code
