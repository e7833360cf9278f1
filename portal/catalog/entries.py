"""The kinds of value that stand in a `template.toml`, each with its sentence for a wrong one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from portal.language import N_, Message

LARGEST = 10**9


def fault(message: Message) -> ValidationError:
    """A marshmallow error that carries a `Message` to whoever reads it."""
    return ValidationError([message])


def messages(invalid: Message) -> dict[str, Any]:
    """marshmallow's own complaints, as `Message`s."""
    return {
        "required": [N_("This key is missing.")],
        "null": [N_("This key is missing.")],
        "invalid": [invalid],
        "type": [invalid],
    }


class Words(fields.String):
    """A string that matches a pattern; a number or a list is not silently turned into one."""

    def __init__(self, pattern: re.Pattern[str], allowed: Message, **options: Any) -> None:
        super().__init__(error_messages=messages(allowed), **options)
        self.pattern = pattern
        self.allowed = allowed

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not self.pattern.fullmatch(value):
            raise fault(self.allowed)
        return value


class OneOf(fields.String):
    """One of a few words."""

    def __init__(self, words: tuple[str, ...], **options: Any) -> None:
        self.words = words
        self.allowed = N_("Allowed are: {words}.", words=", ".join(words))
        super().__init__(error_messages=messages(self.allowed), **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise fault(self.allowed)
        return value


class Amount(fields.Field[float]):
    """A number between two bounds, both allowed."""

    def __init__(self, low: float, high: float, *, whole: bool = False, **options: Any) -> None:
        self.low, self.high, self.whole = low, high, whole
        kind = N_("a whole number") if whole else N_("a number")
        self.allowed = N_("Allowed is {kind} from {low} to {high}.", kind=kind, low=low, high=high)
        super().__init__(error_messages=messages(self.allowed), **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        right_type = isinstance(value, int) or (isinstance(value, float) and not self.whole)
        if isinstance(value, bool) or not right_type or not math.isfinite(value):
            raise fault(self.allowed)
        if not self.low <= value <= self.high:
            raise fault(self.allowed)
        return value  # type: ignore[no-any-return]


class Flag(fields.Field[bool]):
    """true or false, as TOML writes them."""

    def __init__(self, **options: Any) -> None:
        self.allowed = N_("Allowed are: {words}.", words="true, false")
        super().__init__(error_messages=messages(self.allowed), **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise fault(self.allowed)
        return value


class Weights(fields.Field[tuple[tuple[str, float], ...]]):
    """A table of numbers above nothing: `{ small = 1.0, large = 3.0 }`."""

    allowed = N_("Allowed is a table of numbers above 0, such as {{ small = 1.0 }}.")

    def __init__(self, key: re.Pattern[str] = re.compile(r".{1,80}"), **options: Any) -> None:
        self.key = key
        super().__init__(error_messages=messages(self.allowed), **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[tuple[str, float], ...]:
        if not isinstance(value, Mapping) or not value:
            raise fault(self.allowed)
        for key, number in value.items():
            good = isinstance(number, int | float) and not isinstance(number, bool)
            if not self.key.fullmatch(key) or not good or not 0 < number <= LARGEST:
                raise fault(self.allowed)
        return tuple((key, float(number)) for key, number in value.items())


class Conditions(fields.Field[tuple[tuple[str, tuple[str, ...]], ...]]):
    """A table of lists of words: `{ algorithm = ["KNN"] }`."""

    allowed = N_('Allowed is a table of lists, such as {{ algorithm = ["KNN"] }}.')

    def __init__(self, **options: Any) -> None:
        super().__init__(error_messages=messages(self.allowed), **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[tuple[str, Any], ...]:
        if not isinstance(value, Mapping):
            raise fault(self.allowed)
        for words in value.values():
            if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
                raise fault(self.allowed)
        return tuple((name, tuple(words)) for name, words in value.items())
