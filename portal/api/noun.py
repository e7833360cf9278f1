"""The routes of one noun, and what is the same for all of them: shapes in, shapes out, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.exceptions import UnsupportedMediaType

from portal.api.door import PUBLIC, SCOPE
from portal.api.faults import Malformed, flattened
from portal.api.values import Like
from portal.errors import Invalid
from portal.language import N_
from portal.people.scopes import Scope

View = TypeVar("View", bound=Callable[..., Any])

READ_FAULTS = (401, 403, 404, 422, 500, 503)
CHANGE_FAULTS = (400, 401, 403, 404, 409, 413, 415, 422, 500, 503)
LOGIN_FAULTS = (*CHANGE_FAULTS, 429)
AGAIN = "Idempotency-Replayed"


class _Reader(FlaskParser):
    """webargs with its errors as ours, so that there is one shape of error and no other."""

    # A misspelt filter that is passed over would answer a question that nobody asked.
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - webargs' own
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
    }

    __location_map__: dict[str, Any] = {  # noqa: RUF012
        **FlaskParser.__location_map__,
        "upload": "load_upload",
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """A JSON body, which has to say that it is one."""
        if not req.get_data():
            raise Malformed(N_("The body is no JSON that can be read."))
        if not req.is_json:
            raise UnsupportedMediaType
        return super().load_json(req, schema)

    def load_upload(self, req: Request, schema: ma.Schema) -> Any:
        """Fields and files of a multipart form, together."""
        return self._makeproxy(CombinedMultiDict([req.form, req.files]), schema)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,  # noqa: ARG002 - webargs' own signature
        schema: ma.Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> Any:
        faults: dict[str, list[Any]] = {}
        # webargs puts the place where it looked (json, query, headers) above the fields.
        for inner in _by_place(error).values():
            for field, sentences in flattened(inner):
                faults.setdefault(field, []).extend(sentences)
        raise Invalid(faults) from error

    def _handle_invalid_json_error(
        self,
        error: Any,
        req: Request,  # noqa: ARG002
        *args: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Any:
        raise Malformed(N_("The body is no JSON that can be read.")) from error


def _by_place(error: ma.ValidationError) -> Mapping[str, Any]:
    messages = error.messages
    return messages if isinstance(messages, Mapping) else {"": messages}


class KeySchema(ma.Schema):
    """A key that the client chooses for one intention, so that asking twice starts it once."""

    key = ma.fields.String(
        required=True,
        data_key="Idempotency-Key",
        validate=Like(r"^[!-~]{8,200}$", N_("8 to 200 printable characters, no space.")),
        metadata={
            "description": "Made by the client, a UUID say. The same key with the same body "
            "gives the same answer and starts nothing new; with another body it is refused (409)."
        },
    )


class Noun(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint whose every route is described by its decorator: `reads` or `changes`.

    A route has one schema object for all its requests: given the class, webargs makes one for each.
    """

    ARGUMENTS_PARSER = _Reader()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING: ClassVar[dict[str, str]] = {
        **Blueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "upload": "multipart/form-data",
    }

    def __init__(self, name: str, description: str, prefix: str | None = None) -> None:
        super().__init__(name, "portal.api", description=description, url_prefix=prefix)

    def reads(
        self,
        rule: str,
        answers: type[ma.Schema] | None = None,
        *,
        query: type[ma.Schema] | None = None,
        file: str | None = None,
    ) -> Callable[[View], View]:
        """A GET. `file` is the content type of an answer that is no JSON."""

        def decorate(view: View) -> View:
            made: Any = self.response(200, answers or _BYTES, content_type=file)(view)
            if query is not None:
                made = self.arguments(query(), location="query")(made)
            return self._routed(made, view, rule, "GET", READ_FAULTS, Scope.READ)

        return decorate

    def changes(
        self,
        rule: str,
        answers: type[ma.Schema] | None,
        scope: Scope | None,
        *,
        method: str = "POST",
        body: type[ma.Schema] | None = None,
        upload: type[ma.Schema] | None = None,
        status: int = 200,
        keyed: bool = False,
        public: bool = False,
        file: str | None = None,
    ) -> Callable[[View], View]:
        """A request that changes something. `keyed`: it starts work, and needs a key for it.

        `file` is the content type of an answer that is no JSON.

        Without a `scope` any token will do, and where it is `public` none is asked for.
        The view is given the body (a dict) and then the headers (`{"key": …}`), where there are.
        """

        def decorate(view: View) -> View:
            headers = {AGAIN: _REPLAYED} if keyed else None
            shape = answers if file is None else _BYTES
            made: Any = self.response(status, shape, headers=headers, content_type=file)(view)
            if keyed and status != HTTPStatus.OK:
                made = self.alt_response(
                    200,
                    schema=answers,
                    description="The key was answered before: nothing new was started.",
                    headers=headers,
                    success=True,
                )(made)
            if keyed:
                made = self.arguments(KeySchema(), location="headers")(made)
            if body is not None:
                made = self.arguments(body())(made)
            if upload is not None:
                made = self.arguments(upload(), location="upload")(made)
            faults = LOGIN_FAULTS if public else CHANGE_FAULTS
            return self._routed(made, view, rule, method, faults, scope, public=public)

        return decorate

    def _routed(
        self,
        made: Any,
        view: View,
        rule: str,
        method: str,
        faults: tuple[int, ...],
        scope: Scope | None,
        *,
        public: bool = False,
    ) -> View:
        extra: dict[str, Any] = {
            "operationId": f"{self.name}.{view.__name__}",
            # All at once: `alt_response` would be a call more on every request's way for each.
            "responses": {status: HTTPStatus(status).name for status in faults},
        }
        if public:
            extra["security"] = []
        elif scope is not None:
            extra["security"] = [{"token": [scope.value]}]
        made = self.doc(**extra)(made)
        setattr(made, PUBLIC, public)
        setattr(made, SCOPE, scope)
        self.route(rule, methods=[method], tags=[self.name])(made)
        return view


_BYTES = {"type": "string", "format": "binary"}
_REPLAYED = {
    "description": "Whether the key was answered before.",
    "required": True,
    "schema": {"type": "string", "enum": ["true", "false"]},
}
