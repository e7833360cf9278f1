"""Checks of single values whose sentences can be put into the reader's language."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from portal.language import N_, Message


class Between(validate.Range):
    """A number from `low` to `high`, both included."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(low, high)

    def _format_error(self, value: Any, message: str) -> Any:  # noqa: ARG002 - marshmallow's own
        return [N_("From {low} to {high}.", low=self.min, high=self.max)]


class Like(validate.Regexp):
    """A string like a pattern; `sentence` says in words what it has to be."""

    def __init__(self, pattern: str, sentence: Message) -> None:
        super().__init__(pattern)
        self.sentence = sentence

    def _format_error(self, value: str | bytes) -> Any:  # noqa: ARG002 - marshmallow's own
        return [self.sentence]


class OneOf(validate.OneOf):
    """One of a few words."""

    def _format_error(self, value: Any) -> Any:  # noqa: ARG002 - marshmallow's own
        return [N_("One of: {words}.", words=", ".join(map(str, self.choices)))]


class AtMost(validate.Length):
    """A string or list of `low` to `high` elements."""

    def __init__(self, high: int, low: int = 0) -> None:
        super().__init__(low, high)

    def _format_error(self, value: Any, message: str) -> Any:  # noqa: ARG002 - marshmallow's own
        return [N_("At least {low} and at most {high} long.", low=self.min, high=self.max)]


class YesOrNo(fields.Boolean):
    """True or false, and none of the words and numbers that marshmallow would take for them."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if value is True or value is False:
            return bool(super()._deserialize(value, *args, **kwargs))
        raise self.make_error("invalid", input=value)


class Whole(fields.Integer):
    """A whole number as JSON Schema means it: 1.0 is one; 1.5, true and "1" are none.

    https://json-schema.org/draft/2020-12/json-schema-validation#section-6.1.1
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> int:
        is_whole = isinstance(value, float) and value.is_integer()
        return super()._validated(int(value) if is_whole else value)
