"""Lists of a few lengths."""

from __future__ import annotations

from portal.store.lengths import padded


def test_a_list_keeps_its_values_and_gets_a_length_that_comes_again() -> None:
    for count in range(1, 130):
        found = padded([str(number) for number in range(count)])
        assert set(found) == {str(number) for number in range(count)}
        assert len(found) in (1, 2, 4, 8, 16, 32, 64, 128, 256)
        assert len(found) < 2 * count


def test_nothing_stays_nothing() -> None:
    assert padded(set()) == []
