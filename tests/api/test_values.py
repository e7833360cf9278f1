"""Single values of the API: what is taken for what the document says."""

from __future__ import annotations

import json
from typing import Any

import marshmallow as ma
import pytest

from portal.api.values import Whole


@pytest.mark.parametrize("written", ["1", "1.0", "1e0", "-3", "2e3"])
def test_a_whole_number_is_one_however_json_writes_it(written: str) -> None:
    found = Whole().deserialize(json.loads(written))
    assert found == float(written)
    assert type(found) is int


@pytest.mark.parametrize("value", [1.5, "1", True, None, [1], float("inf"), float("nan")])
def test_nothing_else_is_a_whole_number(value: Any) -> None:
    with pytest.raises(ma.ValidationError):
        Whole().deserialize(value)
