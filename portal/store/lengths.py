"""Lists for IN of a few lengths only.

A statement with another number of values is another statement: psycopg converts it and PostgreSQL
plans it anew, which for short questions costs more than the answer. Statements of lengths that come
again are prepared: https://www.psycopg.org/psycopg3/docs/advanced/prepare.html
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

Value = TypeVar("Value")


def padded(values: Collection[Value]) -> list[Value]:
    """The same values, of which the last comes again up to the next power of two."""
    listed = list(values)
    missing = (1 << (len(listed) - 1).bit_length()) - len(listed) if listed else 0
    return listed + listed[-1:] * missing
