"""Files that a run left, for download; nothing that a job made runs in the portal's name."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from portal.results.folder import OpenArtifact
from portal.results.takehome import zip_stream
from portal.runs import queries
from portal.web.findings import REPORT, folder_of
from portal.web.headers import SANDBOX
from portal.web.login import reading, viewer

CHUNK = 1 << 16
# Formats that an <img> shows and that cannot carry a script.
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})

blueprint = Blueprint("results", __name__, url_prefix="/runs")


@blueprint.get("/<run_id>/artifacts/<path:name>")
def artifact(run_id: str, name: str) -> ResponseReturnValue:
    """One file: pictures and the report are shown, everything else is saved."""
    with reading() as session:
        run = queries.get_run(session, viewer(), run_id)
        folder, attempt = folder_of(run), run.attempt
    found = folder.open(attempt, name)
    shown = found.media_type in PICTURES or name == REPORT
    response = Response(_chunks(found), mimetype=found.media_type)
    response.content_length = found.size
    response.headers.set(
        "Content-Disposition", "inline" if shown else "attachment", filename=found.name
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    if found.media_type in PICTURES:
        response.headers["Cache-Control"] = "private, max-age=86400"
    return response


@blueprint.get("/<run_id>/takehome.zip")
def takehome(run_id: str) -> ResponseReturnValue:
    """Everything of one run in one archive."""
    with reading() as session:
        run = queries.get_run(session, viewer(), run_id)
        entries = [("", folder_of(run), run.attempt)]
    response = Response(zip_stream(entries), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"{run.template}.zip")
    return response


def _chunks(found: OpenArtifact) -> Iterator[bytes]:
    with found:
        while chunk := found.file.read(CHUNK):
            yield chunk
