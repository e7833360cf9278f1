"""Long lists, a page at a time: `limit` of them, from before the last one seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import marshmallow as ma

from portal.api.values import AtMost, Between

Item = TypeVar("Item")
MOST = 100


class PageSchema(ma.Schema):
    """Which part of a list."""

    limit = ma.fields.Integer(load_default=50, validate=Between(1, MOST))
    before = ma.fields.String(
        load_default=None,
        validate=AtMost(64, 1),
        metadata={"description": "The `next` of the page before; without it, the newest."},
    )


def page_of(items: Sequence[Item], limit: int, shown: Callable[[Item], Any]) -> dict[str, Any]:
    """A page. `items` holds one more than `limit` where there is a next page."""
    kept = items[:limit]
    last: Any = kept[-1] if len(items) > limit else None
    return {"items": [shown(item) for item in kept], "next": last.id if last else None}
