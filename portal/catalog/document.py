"""The shape of `template.toml`, as marshmallow schemas that make the dataclasses of `template`.

A schema reports every fault of a document at once; what the parts say about each other (a default
within its bounds, a name that exists) is checked in `checks`.
"""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, fields, post_load

from portal.catalog import template as t
from portal.catalog.entries import (
    LARGEST,
    Amount,
    Conditions,
    Flag,
    OneOf,
    Weights,
    Words,
    messages,
)
from portal.language import N_, Text

FORMAT = 1
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
A_TEXT = re.compile(r"(?s)\s*\S.{0,399}")
NOT_A_TEXT = N_("Allowed is a text of 1 to {most} characters.", most=400)


class Part(Schema):
    """One table of the document; a key that it does not know is a fault (a slip of the pen)."""

    error_messages: dict[str, Any] = {  # noqa: RUF012 - marshmallow's own way
        "unknown": N_("There is no such key here."),
        "type": N_("This has to be a table of keys and values."),
    }


def _name(**options: Any) -> Words:
    allowed = N_("Allowed are small letters, digits and _, beginning with a letter.")
    return Words(NAME, allowed, **options)


def _file(**options: Any) -> Words:
    return Words(FILE_NAME, N_("Allowed is a plain file name, without a folder."), **options)


class TextPart(Part):
    """One thing in both languages: `{ zh = "…", en = "…" }`."""

    zh = Words(A_TEXT, NOT_A_TEXT, required=True)
    en = Words(A_TEXT, NOT_A_TEXT, required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Text:
        return Text(**values)


NO_TABLE = N_("This has to be a table of keys and values.")
NO_LIST = N_("This has to be a list.")


def _part(schema: type[Schema], **options: Any) -> fields.Nested:
    return fields.Nested(schema, error_messages=messages(NO_TABLE), **options)


def _parts(schema: type[Schema], **options: Any) -> fields.List[Any]:
    return fields.List(_part(schema), error_messages=messages(NO_LIST), **options)


def _text(*, required: bool = True) -> fields.Nested:
    return _part(TextPart, required=required)


class HeadPart(Part):
    """[template]"""

    title = _text()
    summary = _text()
    data = OneOf(t.DATA_KINDS, required=True)
    program = _file(required=True)
    environment = Words(
        re.compile(r"[a-z0-9][a-z0-9-]{0,39}"),
        N_("Allowed are small letters, digits and -."),
        required=True,
    )
    sample = Words(
        re.compile(r"[a-z0-9][a-z0-9-]{0,63}"), N_("Allowed are small letters, digits and -.")
    )


class ResourcesPart(Part):
    """[resources]"""

    shares = fields.List(Amount(0, 64, whole=True), required=True, error_messages=messages(NO_LIST))
    default_share = Amount(0, 64, whole=True, required=True)
    minutes = Amount(1, 1440, whole=True, required=True)
    default_minutes = Amount(1, 1440, whole=True, required=True)
    memory_mb = Amount(64, 1_000_000, whole=True, required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Resources:
        return t.Resources(**values | {"shares": tuple(values["shares"])})


DATA_COUNTS = ("items", "classes", "columns")


class QuantityPart(Part):
    """`{ field = "epochs" }`, `{ data = "items" }` or `{ number = 5000 }`"""

    field = _name()
    data = OneOf(DATA_COUNTS)
    number = Amount(1e-9, LARGEST)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Quantity:
        return t.Quantity(**values)


class FactorPart(Part):
    """[[estimate.factor]]"""

    field = _name()
    data = OneOf(DATA_COUNTS)
    number = Amount(1e-9, LARGEST)
    times = Amount(1e-9, LARGEST)
    weights = Weights()
    at_most = _parts(QuantityPart)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Factor:
        of = t.Quantity(*(values.pop(key, None) for key in ("field", "data", "number")))
        return t.Factor(of, **values | {"at_most": tuple(values.get("at_most", ()))})


class EstimatePart(Part):
    """[estimate]"""

    startup_seconds = Amount(0, 3600, required=True)
    seconds_per_step = Weights(re.compile(r"[0-9]{1,2}"), required=True)
    factor = _parts(FactorPart, required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Estimate:
        by_share = tuple(sorted((int(s), seconds) for s, seconds in values["seconds_per_step"]))
        return t.Estimate(values["startup_seconds"], by_share, tuple(values["factor"]))


class OptionPart(Part):
    """One entry of a field's options."""

    value = Words(
        re.compile(r"[A-Za-z0-9._-]{1,40}"),
        N_("Allowed are letters, digits and . _ - in quotes."),
        required=True,
    )
    label = _text()

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Option:
        return t.Option(**values)


class FieldPart(Part):
    """[[field]]"""

    name = _name(required=True)
    kind = OneOf(t.FIELD_KINDS, required=True, data_key="type")
    label = _text()
    help = _text()
    default = fields.Raw()
    minimum = Amount(-LARGEST, LARGEST, data_key="min")
    maximum = Amount(-LARGEST, LARGEST, data_key="max")
    step = Amount(1e-9, LARGEST)
    widget = OneOf(tuple(dict.fromkeys(w for ws in t.WIDGETS.values() for w in ws)))
    options = _parts(OptionPart)
    change = OneOf(t.CHANGERS)
    unit = _text(required=False)
    only_for = Conditions()
    column_kind = OneOf(t.COLUMN_KINDS, data_key="columns")
    at_least = Amount(1, 100, whole=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Field:
        values.setdefault("widget", t.WIDGETS[values["kind"]][0])
        return t.Field(**values | {"options": tuple(values.get("options", ()))})


class SeriesPart(Part):
    """[[curve.series]]"""

    name = _name(required=True)
    label = _text()
    axis = _name(required=True)
    better = OneOf(("up", "down"), required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Series:
        return t.Series(**values)


class CurvePart(Part):
    """[curve]"""

    x = OneOf(("epoch", "step", "t"), required=True)
    x_label = _text()
    series = _parts(SeriesPart, required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Curve:
        return t.Curve(values["x"], values["x_label"], tuple(values["series"]))


class HeadlinePart(Part):
    """[headline]"""

    metric = _name(required=True)
    label = _text()
    better = OneOf(("up", "down"), required=True)
    percent = Flag(required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.Headline:
        return t.Headline(**values)


class ArtifactPart(Part):
    """[[artifact]]"""

    name = _file(required=True)
    kind = _name(required=True)
    label = _text()

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> t.ArtifactKind:
        return t.ArtifactKind(**values)


class Document(Part):
    """The whole of `template.toml`."""

    version = Amount(FORMAT, FORMAT, whole=True, required=True)
    template = _part(HeadPart, required=True)
    resources = _part(ResourcesPart, required=True)
    estimate = _part(EstimatePart, required=True)
    field = _parts(FieldPart, required=True)
    curve = _part(CurvePart, required=True)
    headline = _part(HeadlinePart, required=True)
    artifact = _parts(ArtifactPart, required=True)
