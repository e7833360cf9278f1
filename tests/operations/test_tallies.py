"""What the agent counts is added up in the database, on both of them."""

from __future__ import annotations

import pytest

from portal.operations import tallies
from portal.store import EVERYONE, Store


class Stumble(Exception):
    """What goes wrong halfway."""


def totals(store: Store) -> dict[str, int]:
    with store.reading(EVERYONE) as session:
        return tallies.totals(session)


def test_counts_add_up(store: Store) -> None:
    for counts in ({"a": 1, "b": 40}, {"a": 2}):
        with store.begin(EVERYONE) as session:
            tallies.add(session, counts)
    assert totals(store) == {"a": 3, "b": 40}


def test_what_did_not_happen_is_not_counted(store: Store) -> None:
    with store.begin(EVERYONE) as session:
        tallies.add(session, {"a": 1})

    def halfway() -> None:
        with store.begin(EVERYONE) as session:
            tallies.add(session, {"a": 1, "b": 1})
            raise Stumble

    with pytest.raises(Stumble):
        halfway()
    assert totals(store) == {"a": 1}
