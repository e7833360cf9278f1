"""What the parts of a template say about each other: names that exist, defaults within bounds.

Each check yields `(key, message)`; they run only on a document whose shape is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from portal.catalog.template import WIDGETS, ArtifactKind, Field, Template
from portal.language import N_, Message

Found = Iterator[tuple[str, Message]]

REQUIRED_ARTIFACTS = ("report.html",)
NEEDS: dict[str, tuple[str, ...]] = {
    "integer": ("default", "min", "max"),
    "number": ("default", "min", "max"),
    "choice": ("default", "options"),
    "boolean": ("default",),
    "columns": (),
}
"""The keys that a field of each kind cannot be without."""


def faults_of(template: Template) -> Found:
    """Everything that does not fit together in a template."""
    for check in CHECKS:
        yield from check(template)


def _names_are_unique(template: Template) -> Found:
    groups: dict[str, Sequence[Any]] = {
        "field": template.fields,
        "curve.series": template.curve.series,
        "artifact": template.artifacts,
    }
    for key, things in groups.items():
        names = [thing.name for thing in things]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield f"{key}[{number}].name", N_("This name is there twice.")
    for number, field in enumerate(template.fields):
        values = [option.value for option in field.options]
        for place, value in enumerate(values):
            if value in values[:place]:
                yield f"field[{number}].options[{place}].value", N_("This value is there twice.")


def _fields_are_whole(template: Template) -> Found:
    for number, field in enumerate(template.fields):
        key = f"field[{number}]"
        has = {
            "default": field.default is not None,
            "min": field.minimum is not None,
            "max": field.maximum is not None,
            "options": bool(field.options),
        }
        missing = [name for name in NEEDS[field.kind] if not has[name]]
        for name in missing:
            yield f"{key}.{name}", N_("A field of this type needs this key.")
        if field.widget not in WIDGETS[field.kind]:
            words = ", ".join(WIDGETS[field.kind])
            yield f"{key}.widget", N_("Allowed are: {words}.", words=words)
        if field.kind == "columns" and template.data != "table":
            yield f"{key}.type", N_("Only a table has columns to choose from.")
        if not missing:
            yield from _default_is_allowed(key, field)


def _default_is_allowed(key: str, field: Field) -> Found:
    default = field.default
    if field.kind in ("integer", "number"):
        low, high = field.minimum, field.maximum
        right = isinstance(default, int | float) and not isinstance(default, bool)
        if low is None or high is None or low >= high:
            yield f"{key}.min", N_("The least value has to be below the greatest.")
        elif not right or (field.kind == "integer" and not isinstance(default, int)):
            yield f"{key}.default", N_("The default has to be a number of the field's type.")
        elif not low <= default <= high:
            yield f"{key}.default", N_("Allowed is {low} to {high}.", low=low, high=high)
    elif field.kind == "choice" and default not in [option.value for option in field.options]:
        words = ", ".join(option.value for option in field.options)
        yield f"{key}.default", N_("Allowed are: {words}.", words=words)
    elif field.kind == "boolean" and not isinstance(default, bool):
        yield f"{key}.default", N_("Allowed are: {words}.", words="true, false")
    elif field.kind == "columns" and default is not None:
        yield f"{key}.default", N_("The columns of a data set are not known here: leave it out.")


def _conditions_exist(template: Template) -> Found:
    choices = {f.name: {o.value for o in f.options} for f in template.fields if f.options}
    for number, field in enumerate(template.fields):
        for name, values in field.only_for:
            key = f"field[{number}].only_for.{name}"
            if name not in choices or name == field.name:
                yield key, N_("There is no other field with options of this name.")
            elif unknown := [value for value in values if value not in choices[name]]:
                yield key, N_("The field has no option {words}.", words=", ".join(unknown))


def _estimate_exists(template: Template) -> Found:
    fields = {field.name: field for field in template.fields}
    for number, factor in enumerate(template.estimate.factors):
        key = f"estimate.factor[{number}]"
        for quantity in (factor.of, *factor.at_most):
            given = (quantity.field, quantity.data, quantity.number)
            if sum(part is not None for part in given) != 1:
                yield key, N_("Say one of field, data and number.")
            elif quantity.field is not None and quantity.field not in fields:
                yield f"{key}.field", N_("There is no field of this name.")
        field = fields.get(factor.of.field or "")
        if field is None:
            continue
        options = {option.value for option in field.options}
        weights = {value for value, _ in factor.weights}
        if field.kind == "choice" and options - weights:
            words = ", ".join(sorted(options - weights))
            yield f"{key}.weights", N_("These options have no weight: {words}.", words=words)
        if weights - options:
            words = ", ".join(sorted(weights - options))
            yield f"{key}.weights", N_("The field has no option {words}.", words=words)


def _resources_fit(template: Template) -> Found:
    resources = template.resources
    if not resources.shares or any(a >= b for a, b in pairwise(resources.shares)):
        yield "resources.shares", N_("List the allowed shares, the smallest first, none twice.")
    elif resources.default_share not in resources.shares:
        words = ", ".join(map(str, resources.shares))
        yield "resources.default_share", N_("Allowed are: {words}.", words=words)
    if resources.default_minutes > resources.minutes:
        message = N_("Allowed is at most resources.minutes, {minutes}.", minutes=resources.minutes)
        yield "resources.default_minutes", message


def _results_are_there(template: Template) -> Found:
    if not template.curve.series:
        yield "curve.series", N_("At least one series has to grow while it trains.")
    names: list[str] = [artifact.name for artifact in template.artifacts]
    kinds: list[str] = [artifact.kind for artifact in template.artifacts]
    if "model" not in kinds:
        yield "artifact", N_('One artifact has to be of kind "model".')
    yield from (
        ("artifact", N_("The artifact {name} is missing.", name=name))
        for name in REQUIRED_ARTIFACTS
        if name not in names
    )
    yield from _no_pickles(template.artifacts)


def _no_pickles(artifacts: Sequence[ArtifactKind]) -> Found:
    # A pickle runs code when it is opened (CVE-2025-32434), so none leaves the centre.
    for number, artifact in enumerate(artifacts):
        if artifact.name.rpartition(".")[2].lower() in ("pkl", "pickle", "joblib", "pt", "pth"):
            yield (
                f"artifact[{number}].name",
                N_("A model leaves the centre as ONNX, not as a pickle."),
            )


def _files_are_there(template: Template) -> Found:
    if not (template.folder / template.program.rpartition("/")[2]).is_file():
        yield "template.program", N_("There is no such file in the folder.")
    if not (template.folder / "README.md").is_file():
        yield "README.md", N_("A page for the teacher is missing.")


CHECKS: tuple[Callable[[Template], Found], ...] = (
    _names_are_unique,
    _fields_are_whole,
    _conditions_exist,
    _estimate_exists,
    _resources_fit,
    _results_are_there,
    _files_are_there,
)
