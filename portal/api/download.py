"""A file on its way out: streamed, saved and never shown, and taken for nothing that it is not."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response
from werkzeug.http import dump_options_header

from portal.results.folder import OpenArtifact

CHUNK = 64 * 1024


def attachment(opened: OpenArtifact) -> Response:
    """The answer that carries an opened file and closes it at the end."""
    response = Response(
        _chunks(opened), mimetype="application/octet-stream", direct_passthrough=True
    )
    response.content_length = opened.size
    response.headers["Content-Disposition"] = dump_options_header(
        "attachment", {"filename": opened.name}
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    # A generator that was never started is not closed by its own `with`.
    response.call_on_close(opened.file.close)
    return response


def _chunks(opened: OpenArtifact) -> Iterator[bytes]:
    with opened:
        while chunk := opened.file.read(CHUNK):
            yield chunk
