"""Every error as one JSON shape, in the reader's language."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import marshmallow as ma
from flask import Response, jsonify, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from portal import errors
from portal.api.door import NotSignedIn, OutOfScope
from portal.api.reader import language
from portal.language import N_, Message
from portal.people.login import LoginPaused, LoginRefused
from portal.store import NoDatabase, silent

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5


class ErrorSchema(ma.Schema):
    """What went wrong, for the program (`code`) and for the person (`message`)."""

    code = ma.fields.String(
        required=True,
        metadata={"description": "One word for programs.", "example": "invalid"},
    )
    message = ma.fields.String(
        required=True, metadata={"description": "One sentence in the reader's language."}
    )
    errors = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.String()),
        required=True,
        metadata={
            "description": "Faults by field; a template's own fields are `parameters.<name>`.",
            "example": {"parameters.epochs": ["From 1 to 50."]},
        },
    )
    transient = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the same request may work later."}
    )


class Malformed(errors.PortalError):
    """A request that is not what it says it is (no JSON in a JSON body, say)."""


# The first that fits is taken, so the particular stand before the general.
KINDS: tuple[tuple[type[errors.PortalError], int, str], ...] = (
    (NotSignedIn, 401, "not-signed-in"),
    (LoginPaused, 429, "too-many"),
    (LoginRefused, 401, "login-refused"),
    (Malformed, 400, "malformed"),
    (errors.NotFound, 404, "not-found"),
    (OutOfScope, 403, "out-of-scope"),
    (errors.NotAllowed, 403, "not-allowed"),
    (errors.Conflict, 409, "conflict"),
    (errors.TooLarge, 413, "too-large"),
    (errors.Invalid, 422, "invalid"),
    (errors.Unavailable, 503, "unavailable"),
)

HTTP_WORDS: Mapping[int, tuple[str, Message]] = {
    400: ("malformed", N_("The request could not be read.")),
    404: ("not-found", N_("There is nothing at this address.")),
    405: ("method-not-allowed", N_("This address does not take that method.")),
    408: ("too-slow", N_("The request took too long to arrive.")),
    413: ("too-large", N_("What was sent is over the limit.")),
    415: ("malformed", N_("The body has to be JSON, with Content-Type application/json.")),
    429: ("too-many", N_("Too many requests. Wait a moment, then try again.")),
    503: ("unavailable", N_("The portal is busy. Try again in a moment.")),
}
FAULT = ("fault", N_("Something went wrong on our side. It has been written to the log."))


def of_portal(error: errors.PortalError) -> Response:
    """The answer for an error that the portal raised on purpose."""
    status, code = next(
        ((status, code) for kind, status, code in KINDS if isinstance(error, kind)),
        (503, "unavailable") if error.transient else (409, "conflict"),
    )
    by_field: Mapping[str, object] = {error.field: [error.message]} if error.field else {}
    if isinstance(error, errors.Invalid):
        by_field = error.errors
    response = _answer(status, code, error.message, by_field, transient=error.transient)
    if isinstance(error, LoginPaused):
        response.headers["Retry-After"] = str(error.seconds)
    if isinstance(error, OutOfScope):
        # https://www.rfc-editor.org/rfc/rfc6750#section-3.1
        asked = f'Bearer error="insufficient_scope", scope="{error.scope}"'
        response.headers["WWW-Authenticate"] = asked
    return response


def of_http(error: HTTPException) -> Response:
    """The answer for an error of HTTP itself."""
    status = error.code or 500
    code, message = HTTP_WORDS.get(status, FAULT)
    response = _answer(status, code, message, {}, transient=status in (408, 429, 503))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        # https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6
        response.allow.update(error.valid_methods)
    return response


def of_database(error: OperationalError) -> Response:
    """The answer where the database is locked or away: the same request may work later."""
    if not silent(error):
        return of_anything(error)
    log.error("the database does not answer", exc_info=error, extra={"path": request.path})
    return of_portal(NoDatabase())


def of_anything(error: Exception) -> Response:
    """The answer for a fault of ours; the cause goes to the log, never to the reader."""
    told = {"method": request.method, "path": request.path}
    log.error("an answer of the API failed", exc_info=error, extra=told)
    return _answer(500, *FAULT, {}, transient=False)


def flattened(messages: object, prefix: str = "") -> Iterator[tuple[str, list[Message]]]:
    """marshmallow's nested messages as (dotted field, sentences)."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            name = "" if key == ma.exceptions.SCHEMA else str(key)
            yield from flattened(inner, ".".join(filter(None, (prefix, name))))
    else:
        listed = messages if isinstance(messages, list | tuple) else [messages]
        yield prefix, [_sentence(item) for item in listed]


# marshmallow's own words, marked here so that they have a translation.
_OWN_WORDS = {
    word.msgid: word
    for word in (
        N_("Missing data for required field."),
        N_("Field may not be null."),
        N_("Unknown field."),
        N_("Invalid input type."),
        N_("Not a valid string."),
        N_("Not a valid integer."),
        N_("Not a valid number."),
        N_("Not a valid boolean."),
        N_("Not a valid list."),
        N_("Not a valid mapping type."),
    )
}


def _sentence(item: object) -> Message:
    if isinstance(item, Message):
        return item
    # Braces of a foreign sentence are no places of ours.
    return _OWN_WORDS.get(str(item)) or N_("{sentence}", sentence=str(item))


def _answer(
    status: int, code: str, message: Message, by_field: Mapping[str, object], *, transient: bool
) -> Response:
    reader = language()
    said = {
        field: [m.in_language(reader) for m in sentences]
        for field, messages in by_field.items()
        for _, sentences in flattened(messages)
    }
    response = jsonify(
        code=code, message=message.in_language(reader), errors=said, transient=transient
    )
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if transient:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response
