"""The time that a class is told before it starts."""

from __future__ import annotations

from typing import Any

import pytest

from portal.catalog import load_template, parameters, seconds, steps
from tests.catalog.conftest import CLOTHES, PENGUINS, TEMPLATES

PICTURES = load_template(TEMPLATES / "image-classifier")
TABLE = load_template(TEMPLATES / "tabular-classifier")


def with_settings(**settings: Any) -> dict[str, Any]:
    """All values of a picture classifier."""
    return parameters(PICTURES, CLOTHES, "teacher", settings)


def test_steps_are_pictures_seen() -> None:
    assert steps(PICTURES, with_settings(epochs=4), CLOTHES) == 4 * 100 * 10
    assert steps(PICTURES, with_settings(epochs=8), CLOTHES) == 8 * 100 * 10


def test_there_are_never_more_pictures_than_the_data_set_has() -> None:
    all_of_them = with_settings(epochs=1, pictures_per_class=1000)
    assert steps(PICTURES, all_of_them, CLOTHES) == pytest.approx(2000 * 0.8)


def test_a_larger_model_or_picture_takes_longer() -> None:
    base = steps(PICTURES, with_settings(), CLOTHES)
    assert steps(PICTURES, with_settings(model_size="large"), CLOTHES) > base
    assert steps(PICTURES, with_settings(picture_size="64"), CLOTHES) > base


def test_a_measured_rate_takes_the_place_of_the_templates_guess() -> None:
    values = with_settings(epochs=4)
    start_up = PICTURES.estimate.startup_seconds
    assert seconds(PICTURES, values, CLOTHES, 1, 0.01) == pytest.approx(start_up + 40)
    assert seconds(PICTURES, values, CLOTHES, 1) > start_up


def test_a_share_that_is_not_named_counts_as_the_next_smaller_one() -> None:
    rates = dict(PICTURES.estimate.seconds_per_step)
    values = with_settings()
    work = steps(PICTURES, values, CLOTHES)
    expected = PICTURES.estimate.startup_seconds + rates[1] * work
    assert seconds(PICTURES, values, CLOTHES, 8) == pytest.approx(expected)
    assert seconds(PICTURES, values, CLOTHES, 0) == pytest.approx(
        PICTURES.estimate.startup_seconds + rates[0] * work
    )


def test_a_huge_table_is_not_a_huge_estimate() -> None:
    values = parameters(TABLE, PENGUINS, "teacher", {})
    huge = PENGUINS | {"rows": 10_000_000}
    assert steps(TABLE, values, huge) == 5000
    assert steps(TABLE, values, PENGUINS) == 344
