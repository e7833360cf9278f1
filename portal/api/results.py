"""What a run writes while it trains and leaves when it ends."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response

from portal.api.door import viewer
from portal.api.download import attachment
from portal.api.noun import Noun
from portal.api.reader import language
from portal.api.values import Between
from portal.errors import NotFound
from portal.language import N_
from portal.results.folder import RunFolder
from portal.runs import queries
from portal.services import services

noun = Noun("results", "Curves, logs and models.")

LOG_TAIL_BYTES = 64 * 1024


class FromSchema(ma.Schema):
    """Where to go on reading."""

    since = ma.fields.Integer(
        load_default=0,
        validate=Between(0, 2**53),
        metadata={"description": "The `next` of the last answer."},
    )


class TailSchema(ma.Schema):
    """How much of a log."""

    tail = ma.fields.Integer(
        load_default=LOG_TAIL_BYTES,
        validate=Between(1, 1024 * 1024),
        metadata={"description": "Most bytes, from the end."},
    )


class PointsSchema(ma.Schema):
    """Points of the curves: step, epoch, t (seconds) and the template's series."""

    points = ma.fields.List(
        ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Float()), required=True
    )
    next = ma.fields.Integer(required=True)


class ConfusionSchema(ma.Schema):
    """How often each class was taken for each: a row for the truth, a column for the guess."""

    labels = ma.fields.List(ma.fields.String(), required=True)
    matrix = ma.fields.List(ma.fields.List(ma.fields.Integer()), required=True)


class ArtifactSchema(ma.Schema):
    """A file that a run left."""

    name = ma.fields.String(required=True, metadata={"example": "model.onnx"})
    kind = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    bytes = ma.fields.Integer(required=True)
    media_type = ma.fields.String(required=True)


class ArtifactsSchema(ma.Schema):
    """The files that are there now."""

    items = ma.fields.List(ma.fields.Nested(ArtifactSchema), required=True)


class ProgressSchema(ma.Schema):
    """How far a training is."""

    stage = ma.fields.String(required=True)
    fraction = ma.fields.Float(required=True, allow_none=True)
    step = ma.fields.Float(required=True, allow_none=True)
    steps = ma.fields.Float(required=True, allow_none=True)
    metrics = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Float(), required=True)
    updated_at = ma.fields.Float(required=True)


@noun.reads("/runs/<run_id>/progress", ProgressSchema)
def progress(run_id: str) -> Any:
    """Show how far a run is."""
    folder, attempt = _folder(run_id)
    found = folder.progress(attempt)
    if found is None:
        raise NotFound(N_("This training has not begun yet."))
    return found


@noun.reads("/runs/<run_id>/metrics", PointsSchema, query=FromSchema)
def metrics(query: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Read the points of the curves, from where one stopped reading."""
    folder, attempt = _folder(run_id)
    points, following = folder.metrics(attempt, query["since"])
    return {"points": points, "next": following}


@noun.reads("/runs/<run_id>/log", query=TailSchema, file="text/plain")
def log(query: dict[str, Any], run_id: str) -> Response:
    """Read the end of the log."""
    folder, attempt = _folder(run_id)
    response = Response(folder.log(attempt, query["tail"]), mimetype="text/plain")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@noun.reads("/runs/<run_id>/confusion", ConfusionSchema)
def confusion(run_id: str) -> Any:
    """Read the confusion matrix."""
    folder, attempt = _folder(run_id)
    found = folder.confusion(attempt)
    if found is None:
        raise NotFound(N_("This training has left no confusion matrix."))
    return found


@noun.reads("/runs/<run_id>/artifacts", ArtifactsSchema)
def artifacts(run_id: str) -> dict[str, Any]:
    """List the files that a run left."""
    folder, attempt = _folder(run_id)
    return {
        "items": [
            {
                "name": found.name,
                "kind": found.kind,
                "title": found.title.in_language(language()),
                "bytes": found.bytes,
                "media_type": found.media_type,
            }
            for found in folder.artifacts(attempt)
        ]
    }


@noun.reads("/runs/<run_id>/artifacts/<path:name>", file="application/octet-stream")
def artifact(run_id: str, name: str) -> Response:
    """Download one of them."""
    folder, attempt = _folder(run_id)
    return attachment(folder.open(attempt, name))


def _folder(run_id: str) -> tuple[RunFolder, int]:
    """The folder of a run that the viewer may see, and the attempt that counts."""
    house = services()
    with house.store.reading(viewer().tenant) as session:
        run = queries.get_run(session, viewer(), run_id)
    return RunFolder(house.settings.data.root, run.id), run.attempt
