"""Training templates, and the form that each asks to be filled."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from portal.api.door import viewer
from portal.api.noun import Noun
from portal.api.reader import language
from portal.api.values import AtMost
from portal.catalog import Template, json_schema
from portal.datasets import shelf
from portal.runs.templates import template_of, templates_of
from portal.services import services

noun = Noun("templates", "What a class can train.")


class TemplateSchema(ma.Schema):
    """A template in a list."""

    name = ma.fields.String(required=True, metadata={"example": "image-classifier"})
    version = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    summary = ma.fields.String(required=True)
    data = ma.fields.String(required=True, metadata={"description": "table or pictures"})
    sample = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "A data set that goes with it."}
    )
    shares = ma.fields.List(
        ma.fields.Integer(), required=True, metadata={"description": "Eighths of a GPU."}
    )
    default_share = ma.fields.Integer(required=True)
    default_minutes = ma.fields.Integer(required=True)


class TemplatesSchema(ma.Schema):
    """Every template."""

    items = ma.fields.List(ma.fields.Nested(TemplateSchema), required=True)


class SeriesSchema(ma.Schema):
    """One curve that a run draws."""

    name = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    axis = ma.fields.String(required=True)
    better = ma.fields.String(required=True)


class WholeTemplateSchema(TemplateSchema):
    """A template with its parameters."""

    parameters = ma.fields.Dict(
        required=True, metadata={"description": "A JSON Schema of the `parameters` of a run."}
    )
    series = ma.fields.List(ma.fields.Nested(SeriesSchema), required=True)
    headline = ma.fields.String(required=True, metadata={"example": "accuracy"})


class ForDataSchema(ma.Schema):
    """The data set that the parameters are for."""

    data = ma.fields.String(
        load_default=None,
        validate=AtMost(255, 1),
        metadata={"description": "Id or name; choices of columns depend on it."},
    )


@noun.reads("/templates", TemplatesSchema)
def index() -> dict[str, Any]:
    """List the templates."""
    return {"items": [_listed(template) for template in templates_of(services(), viewer())]}


@noun.reads("/templates/<name>", WholeTemplateSchema, query=ForDataSchema)
def show(query: dict[str, Any], name: str) -> dict[str, Any]:
    """Show a template and the JSON Schema of its parameters."""
    template = template_of(services(), viewer(), name)
    manifest = None
    if query["data"] is not None:
        with services().store.reading(viewer().tenant) as session:
            manifest = shelf.get(session, viewer(), query["data"]).content.manifest
    reader = language()
    return {
        **_listed(template),
        "parameters": json_schema(template, manifest, viewer().role.value, reader),
        "series": [
            {
                "name": series.name,
                "label": series.label.in_language(reader),
                "axis": series.axis,
                "better": series.better,
            }
            for series in template.curve.series
        ],
        "headline": template.headline.metric,
    }


def _listed(template: Template) -> dict[str, Any]:
    reader = language()
    return {
        "name": template.name,
        "version": template.version,
        "title": template.title.in_language(reader),
        "summary": template.summary.in_language(reader),
        "data": template.data,
        "sample": template.sample,
        "shares": list(template.resources.shares),
        "default_share": template.resources.default_share,
        "default_minutes": template.resources.default_minutes,
    }
