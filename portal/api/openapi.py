"""The document that describes the API, made from the schemas that check the requests."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask
from flask_smorest import Api

from portal.api.faults import ErrorSchema

PREFIX = "/api/v1"
DESCRIPTION = """\
What teachers and pupils do in a lesson, for programs.

- Get a token with `POST /tokens` (or `kesuan login`), and send it as `Authorization: Bearer ksn_…`.
- A token has scopes (read, train, data, manage); the one that an operation asks for stands in its
  `security`. No token may do more than its owner may do now.
- Times are seconds since 1970 in UTC; durations are seconds.
- Every POST that starts work needs a header `Idempotency-Key`.
- Lists come newest first, `limit` at a time; the next page is `?before=` the `next` of this one.
- Errors have one shape; their sentences are in the language of `Accept-Language` (zh or en).
"""
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which the same request may work.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
ERROR_HEADERS: Mapping[HTTPStatus, dict[str, Any]] = {
    HTTPStatus.UNAUTHORIZED: {
        "WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}
    },
    HTTPStatus.FORBIDDEN: {
        "WWW-Authenticate": {
            "description": "Where the token lacks a scope: which one (RFC 6750).",
            "schema": {"type": "string"},
        }
    },
    HTTPStatus.TOO_MANY_REQUESTS: RETRY_AFTER,
    HTTPStatus.SERVICE_UNAVAILABLE: RETRY_AFTER,
}


class Document(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's document with our error shape, and without its hold on the whole app."""

    ERROR_SCHEMA = ErrorSchema
    # Every status is written out; a default would allow what nobody has thought of.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        # flask-smorest would answer every HTTP error of the pages in JSON as well.
        return None

    def _register_responses(self) -> None:
        super()._register_responses()
        for status, headers in ERROR_HEADERS.items():
            self.spec.components.responses_lazy[status.name]["headers"] = headers


def document(app: Flask) -> Document:
    """Serve the document at /api/v1/openapi.json and hand it over to be filled."""
    app.config.setdefault("OPENAPI_URL_PREFIX", PREFIX)
    options: dict[str, Any] = {
        "title": "Kesuan",
        "version": version("kesuan"),
        "openapi_version": "3.1.0",
        "info": {"description": DESCRIPTION},
        "security": [{"token": []}],
    }
    made = Document(app, spec_kwargs=options)
    made.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    return made
