"""Short text that may have come from anywhere, as any database can take it."""

from __future__ import annotations

import re

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

# PostgreSQL holds no NUL, and no database half of a surrogate pair, which JSON may well bring.
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


class Words(TypeDecorator[str]):
    """A string column; what cannot be held is looked for, and kept, as U+FFFD.

    Without it an odd address would be an error of the database instead of "no such thing".
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """`value` with a replacement character for what no database holds."""
        return value if value is None else _UNHOLDABLE.sub(REPLACEMENT, value)
