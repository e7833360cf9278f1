"""The form of a template as a marshmallow schema: what a person sends in, what a program gets.

Values may come as JSON (`5`, `true`, `["a", "b"]`), from an HTML form (`"5"`, `["false", "true"]`)
or from the command line (`"a,b"`); what comes out is always the same. Complaints are `Message`s.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from portal.catalog.inputs import input_for
from portal.catalog.template import Template
from portal.errors import Invalid
from portal.language import N_, Message

LEAST_CLASSES = 2


class FormSchema(Schema):
    """The base of every form: a setting that the template does not have is a fault."""

    class Meta:
        unknown = RAISE

    error_messages: dict[str, Any] = {  # noqa: RUF012 - marshmallow's own way
        "unknown": N_("This template has no such setting."),
        "type": N_("Settings have to be given as names and values."),
    }


def schema_for(template: Template, data: Mapping[str, Any], role: str) -> Schema:
    """The schema of a template's form for one data set (its manifest) and one role."""
    names = tuple(
        tuple(field.column_names(data)) if field.kind == "columns" else ()
        for field in template.fields
    )
    return _schema(template, names, role)


@lru_cache(maxsize=512)
def _schema(template: Template, columns: tuple[tuple[str, ...], ...], role: str) -> Schema:
    """Made once for all who fill in the same form: a class does at the same moment.

    `columns` are, for each field of the template, the names of a data set that may be chosen.
    """
    inputs = {
        field.name: input_for(field, names, role)
        for field, names in zip(template.fields, columns, strict=True)
    }
    return FormSchema.from_dict(inputs, name="Form")()


def parameters(
    template: Template,
    data: Mapping[str, Any],
    role: str,
    given: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """All values that the program gets: what was given, else the class's, else the defaults.

    Args:
        data: the data set's manifest.
        base: what the teacher set for the class; it stands where a seat gives nothing.

    Raises:
        Invalid: with every fault beside its field ("data" when the data set does not fit).
    """
    check_data(template, data)
    settled = dict(base or {})
    try:
        if settled:
            settled = schema_for(template, data, "teacher").load(settled)
        values: dict[str, Any] = schema_for(template, data, role).load(dict(given))
    except ValidationError as error:
        raise Invalid(_by_field(error.messages)) from error
    return {
        field.name: values.get(field.name, settled.get(field.name, field.default_for(data)))
        for field in template.fields
    }


def check_data(template: Template, data: Mapping[str, Any]) -> None:
    """Whether a template can learn from a data set at all; raises Invalid beside "data"."""
    if data.get("kind") != template.data:
        wanted = N_("a table") if template.data == "table" else N_("pictures in classes")
        raise Invalid.one("data", N_("This template learns from {wanted}.", wanted=wanted))
    if len(data.get("classes", ())) < LEAST_CLASSES:
        raise Invalid.one("data", N_("There have to be at least two classes to tell apart."))


def _by_field(messages: Any) -> dict[str, list[Message]]:
    return {str(name): list(_flat(found)) for name, found in messages.items()}


def _flat(found: Any) -> list[Message]:
    if isinstance(found, Message):
        return [found]
    parts = found.values() if isinstance(found, Mapping) else found
    return [message for part in parts for message in _flat(part)]
