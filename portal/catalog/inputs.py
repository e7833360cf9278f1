"""A marshmallow field per kind of form field: lenient in how a value is written, not in what."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from portal.catalog.entries import fault
from portal.catalog.template import Field
from portal.language import N_

YES = ("true", "on", "yes", "1", "是")
NO = ("false", "off", "no", "0", "否", "")
MOST_LETTERS = 40
MOST_COLUMNS = 2000


def input_for(field: Field, columns: tuple[str, ...], role: str) -> fields.Field[Any]:
    """The marshmallow field that reads a form field's value; it may choose among `columns`."""
    if not field.may_change(role):
        return Locked()
    if field.kind == "columns":
        return Columns(field, columns)
    return KINDS[field.kind](field)


class Input(fields.Field[Any]):
    """A field that knows its template's field. Nothing is required: defaults stand in."""

    def __init__(self, field: Field) -> None:
        super().__init__(error_messages={"null": [N_("Please give a value.")]})
        self.of = field


class Locked(fields.Field[Any]):
    """A setting that this person may see and not change."""

    refusal = N_("Only a teacher may change this.")

    def __init__(self) -> None:
        super().__init__(error_messages={"null": [self.refusal]})

    def _deserialize(self, *_: Any, **__: Any) -> Any:
        raise fault(self.refusal)


class Number(Input):
    """A number within bounds, whole ones for `integer`. Full-width digits are digits too."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        whole = self.of.kind == "integer"
        wrong = fault(N_("Please give a whole number.") if whole else N_("Please give a number."))
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise wrong
        if isinstance(value, str) and len(value) > MOST_LETTERS:
            raise wrong
        try:
            number = int(value) if whole and isinstance(value, str) else float(value)
        except (ValueError, OverflowError) as error:
            raise wrong from error
        if not math.isfinite(number) or (whole and number != int(number)):
            raise wrong
        low, high = self.of.minimum, self.of.maximum
        if low is None or high is None or not low <= number <= high:
            raise fault(N_("Please stay between {low} and {high}.", low=low, high=high))
        return int(number) if whole else number


class Choice(Input):
    """One of the options, by its value; a number is taken for the word that it is written as."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        written = str(value) if isinstance(value, int | float) else value
        if isinstance(value, bool) or written not in [option.value for option in self.of.options]:
            raise fault(N_("Please choose one of the options."))
        return str(written)


class Yes(Input):
    """Yes or no. A form sends a hidden "false" before its checkbox, so the last word counts."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if isinstance(value, list) and value:
            value = value[-1]
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower() if isinstance(value, str | int) else None
        if word not in YES + NO:
            raise fault(N_("Please answer yes or no."))
        return word in YES


class Columns(Input):
    """Some columns of the table, in the table's order whatever the order they were named in."""

    def __init__(self, field: Field, names: tuple[str, ...]) -> None:
        super().__init__(field)
        self.names = names

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        if isinstance(value, str):
            value = [value] if value in self.names else re.split("[,，]", value)
        if not isinstance(value, list | tuple) or len(value) > MOST_COLUMNS:
            raise fault(N_("Please choose columns from the list."))
        chosen = [name.strip() if name not in self.names else name for name in map(str, value)]
        chosen = [name for name in chosen if name]
        unknown = [name[:MOST_LETTERS] for name in chosen if name not in self.names]
        if unknown:
            message = N_("The data set has no column “{name}” to judge by.", name=unknown[0])
            raise fault(message)
        if len(set(chosen)) < self.of.at_least:
            raise fault(N_("Please choose at least {least}.", least=self.of.at_least))
        return [name for name in self.names if name in chosen]


KINDS: Mapping[str, type[Input]] = {
    "integer": Number,
    "number": Number,
    "choice": Choice,
    "boolean": Yes,
}
