"""How large a body may be: small everywhere, and an upload's size where a view takes uploads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

from portal.config import Data

FORM_BYTES = 1 << 20
MIB = 1 << 20

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def register(app: Flask, data: Data) -> None:
    """Limit bodies; a larger one is answered with 413 and read no further."""
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES
    largest = data.upload_mb * MIB + FORM_BYTES

    @app.before_request
    def _allow_an_upload() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if getattr(view, "takes_uploads", False):
            request.max_content_length = largest


def takes_uploads(view: View) -> View:
    """Mark a view whose form may carry a file."""
    view.takes_uploads = True  # type: ignore[attr-defined]
    return view
