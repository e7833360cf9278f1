"""A template's form as JSON Schema, for programs that build a form or check a value themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.catalog.template import Field, Template

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(
    template: Template, data: Mapping[str, Any] | None, role: str, language: str
) -> dict[str, Any]:
    """The JSON Schema of the values that a person of this role may set.

    Args:
        data: the data set's manifest; without one, columns are any strings.
    """
    return {
        "$schema": DIALECT,
        "title": template.title.in_language(language),
        "description": template.summary.in_language(language),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            field.name: _property(field, data, language) for field in template.fields_for(role)
        },
    }


def _property(field: Field, data: Mapping[str, Any] | None, language: str) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "title": field.label.in_language(language),
        "description": field.help.in_language(language),
        "x-widget": field.widget,
        "x-change": field.change,
    }
    if field.unit is not None:
        shape["x-unit"] = field.unit.in_language(language)
    if field.only_for:
        shape["x-only-for"] = {name: list(values) for name, values in field.only_for}
    if field.kind in ("integer", "number"):
        shape |= {"type": field.kind, "minimum": field.minimum, "maximum": field.maximum}
        if field.step is not None:
            shape["x-step"] = field.step
    elif field.kind == "choice":
        labels = {o.value: o.label.in_language(language) for o in field.options}
        shape |= {"type": "string", "enum": list(labels), "x-labels": labels}
    elif field.kind == "boolean":
        shape["type"] = "boolean"
    else:
        items: dict[str, Any] = {"type": "string"}
        if data is not None:
            items["enum"] = list(field.column_names(data))
        shape |= {"type": "array", "items": items, "uniqueItems": True, "minItems": field.at_least}
    if field.kind != "columns":
        shape["default"] = field.default
    elif data is not None:
        shape["default"] = field.default_for(data)
    return shape
