"""What a template is, once read: frozen data and nothing else.

Every label and help sentence is a `Text`, so that the template's author says it in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.language import Text

FIELD_KINDS = ("integer", "number", "choice", "boolean", "columns")
DATA_KINDS = ("table", "pictures")
COLUMN_KINDS = ("number", "text", "any")
CHANGERS = ("pupil", "teacher")
SEAT = "seat"

WIDGETS: Mapping[str, tuple[str, ...]] = {
    "integer": ("slider", "number"),
    "number": ("slider", "number"),
    "choice": ("select", "radio"),
    "boolean": ("checkbox",),
    "columns": ("columns",),
}
"""The ways in which a field of each kind may be shown; the first is the default."""


@dataclass(frozen=True)
class Option:
    """One of the values that a choice offers."""

    value: str
    label: Text


@dataclass(frozen=True)
class Field:
    """One thing that a person may set before training."""

    name: str
    kind: str
    label: Text
    help: Text
    widget: str
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    options: tuple[Option, ...] = ()
    change: str = "pupil"
    unit: Text | None = None
    only_for: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The field matters only where each of these choices has one of these values."""
    column_kind: str = "any"
    at_least: int = 1

    def may_change(self, role: str) -> bool:
        """Whether a person of this role may set the field: seats leave the teacher's alone."""
        return self.change == "pupil" or role != SEAT

    def column_names(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        """The columns of a table that may be features: all of the right kind but the label."""
        return tuple(
            column["name"]
            for column in data.get("columns", ())
            if column["name"] != data.get("label")
            and self.column_kind in ("any", column.get("type"))
        )

    def default_for(self, data: Mapping[str, Any]) -> Any:
        """The value that stands until somebody changes it."""
        return list(self.column_names(data)) if self.kind == "columns" else self.default


@dataclass(frozen=True)
class Resources:
    """What one run asks of the centre. Shares are eighths of a GPU, 0 = CPU only."""

    shares: tuple[int, ...]
    default_share: int
    minutes: int
    default_minutes: int
    memory_mb: int


@dataclass(frozen=True)
class Quantity:
    """A number that is known before a run: a field's value, a count of the data set, a constant."""

    field: str | None = None
    data: str | None = None
    number: float | None = None


@dataclass(frozen=True)
class Factor:
    """One factor of the number of steps; `at_most` is a product that bounds it."""

    of: Quantity
    times: float = 1.0
    weights: tuple[tuple[str, float], ...] = ()
    at_most: tuple[Quantity, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """How long a run takes: start-up, and seconds per step on a share of so many eighths."""

    startup_seconds: float
    seconds_per_step: tuple[tuple[int, float], ...]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Series:
    """One line of the curve; series with the same axis are drawn over each other."""

    name: str
    label: Text
    axis: str
    better: str


@dataclass(frozen=True)
class Curve:
    """What grows while a run trains: `x` is the key in metrics.jsonl to go along."""

    x: str
    x_label: Text
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Headline:
    """The one number of a run that a class compares."""

    metric: str
    label: Text
    better: str
    percent: bool


@dataclass(frozen=True)
class ArtifactKind:
    """A file that every successful run leaves in `artifacts/`."""

    name: str
    kind: str
    label: Text


@dataclass(frozen=True)
class Template:
    """A folder of `job_templates/`, read and found good."""

    name: str
    folder: Path
    version: str
    title: Text
    summary: Text
    data: str
    program: str
    environment: str
    sample: str | None
    resources: Resources
    estimate: Estimate
    fields: tuple[Field, ...]
    curve: Curve
    headline: Headline
    artifacts: tuple[ArtifactKind, ...]

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def fields_for(self, role: str) -> tuple[Field, ...]:
        """The fields that a person of this role may set."""
        return tuple(field for field in self.fields if field.may_change(role))
