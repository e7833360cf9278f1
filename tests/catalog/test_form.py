"""What people send in: every good way to write a value, and every bad value with its sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalog import check_data, json_schema, load_template, parameters, schema_for
from portal.errors import Invalid
from portal.language import Message
from tests.catalog.conftest import CLOTHES, PENGUINS, TEMPLATES

PICTURES = load_template(TEMPLATES / "image-classifier")
TABLE = load_template(TEMPLATES / "tabular-classifier")

DEFAULTS = {
    "epochs": 4,
    "pictures_per_class": 100,
    "learning_rate": "0.003",
    "model_size": "small",
    "picture_size": "28",
    "augment": False,
    "held_out": 0.2,
}


def errors_of(template: Any, data: dict[str, Any], role: str, values: dict[str, Any]) -> Any:
    """The faults beside their fields."""
    with pytest.raises(Invalid) as caught:
        parameters(template, data, role, values)
    for messages in caught.value.errors.values():
        assert messages
        assert all(isinstance(message, Message) for message in messages)
    return caught.value.errors


def test_nothing_given_means_the_defaults() -> None:
    assert parameters(PICTURES, CLOTHES, "seat", {}) == DEFAULTS
    values = parameters(TABLE, PENGUINS, "seat", {})
    assert values["features"] == ["island", "bill, mm", "mass"]


def test_the_class_stands_between_the_seat_and_the_defaults() -> None:
    base = {"epochs": 9, "held_out": 0.4, "model_size": "large"}
    values = parameters(PICTURES, CLOTHES, "seat", {"epochs": 2}, base)
    assert values == DEFAULTS | base | {"epochs": 2}


@pytest.mark.parametrize(
    ("given_value", "meant"),
    [
        ({"epochs": 5}, {"epochs": 5}),
        ({"epochs": "5"}, {"epochs": 5}),
        ({"epochs": " 5 "}, {"epochs": 5}),
        ({"epochs": "５"}, {"epochs": 5}),
        ({"epochs": 5.0}, {"epochs": 5}),
        ({"epochs": 1}, {"epochs": 1}),
        ({"epochs": 30}, {"epochs": 30}),
        ({"held_out": "0.5"}, {"held_out": 0.5}),
        ({"held_out": 0.1}, {"held_out": 0.1}),
        ({"augment": "on"}, {"augment": True}),
        ({"augment": ["false", "true"]}, {"augment": True}),
        ({"augment": ["false"]}, {"augment": False}),
        ({"augment": True}, {"augment": True}),
        ({"learning_rate": "0.1"}, {"learning_rate": "0.1"}),
        ({"learning_rate": 0.1}, {"learning_rate": "0.1"}),
        ({"picture_size": 64}, {"picture_size": "64"}),
    ],
)
def test_a_value_may_be_written_in_several_ways(
    given_value: dict[str, Any], meant: dict[str, Any]
) -> None:
    assert parameters(PICTURES, CLOTHES, "teacher", given_value) == DEFAULTS | meant
    value = next(iter(meant.values()))
    found = parameters(PICTURES, CLOTHES, "teacher", given_value)[next(iter(meant))]
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "features",
    [["mass", "island"], "mass,island", "island，mass", ["", "island", "mass", "mass"]],
)
def test_columns_come_out_in_the_order_of_the_table(features: Any) -> None:
    values = parameters(TABLE, PENGUINS, "seat", {"features": features})
    assert values["features"] == ["island", "mass"]


def test_a_column_may_have_a_comma_in_its_name() -> None:
    values = parameters(TABLE, PENGUINS, "seat", {"features": "bill, mm"})
    assert values["features"] == ["bill, mm"]


BAD_NUMBERS = [0, 31, -1, "0", "31", "5.5", 5.5, "", " ", "five", "1e99", "1" * 5000, "nan", "inf"]
BAD_NUMBERS += [None, True, [], [5], {}, {"a": 1}, float("nan"), float("inf"), 10**400, "0x5"]


@pytest.mark.parametrize("value", BAD_NUMBERS, ids=lambda value: repr(value)[:20])
def test_a_bad_number_is_told_beside_its_field(value: Any) -> None:
    assert list(errors_of(PICTURES, CLOTHES, "teacher", {"epochs": value})) == ["epochs"]


@pytest.mark.parametrize("value", ["", "huge", "SMALL", None, [], ["small"], 1, True, {}])
def test_a_bad_choice_is_told_beside_its_field(value: Any) -> None:
    assert list(errors_of(PICTURES, CLOTHES, "teacher", {"model_size": value})) == ["model_size"]


@pytest.mark.parametrize("value", ["perhaps", None, [], {}, 2, ["x"]])
def test_a_bad_answer_is_told_beside_its_field(value: Any) -> None:
    assert list(errors_of(PICTURES, CLOTHES, "teacher", {"augment": value})) == ["augment"]


@pytest.mark.parametrize(
    "value",
    [[], [""], "", ["species"], ["nothing"], None, 3, {}, [None], ["mass", 4], ["m"] * 3000],
)
def test_bad_columns_are_told_beside_their_field(value: Any) -> None:
    assert list(errors_of(TABLE, PENGUINS, "teacher", {"features": value})) == ["features"]


def test_all_faults_come_at_once_and_in_both_languages() -> None:
    errors = errors_of(
        PICTURES,
        CLOTHES,
        "seat",
        {"epochs": 99, "model_size": "huge", "held_out": 0.2, "speed": 1, "augment": "perhaps"},
    )
    assert set(errors) == {"epochs", "model_size", "held_out", "speed", "augment"}
    assert str(errors["epochs"][0]) == "Please stay between 1 and 30."
    assert str(errors["held_out"][0]) == "Only a teacher may change this."


def test_a_teachers_setting_is_the_teachers() -> None:
    assert parameters(PICTURES, CLOTHES, "teacher", {"held_out": 0.3})["held_out"] == 0.3
    assert "held_out" in errors_of(PICTURES, CLOTHES, "seat", {"held_out": 0.3})
    assert [field.name for field in PICTURES.fields_for("seat")] == [
        field.name for field in PICTURES.fields if field.name != "held_out"
    ]


def test_the_data_set_has_to_fit() -> None:
    assert set(errors_of(PICTURES, PENGUINS, "teacher", {})) == {"data"}
    assert set(errors_of(TABLE, CLOTHES, "teacher", {})) == {"data"}
    with pytest.raises(Invalid, match="two classes"):
        check_data(TABLE, PENGUINS | {"classes": [{"name": "one", "count": 9}]})


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(list(DEFAULTS)), st.text(max_size=5)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=4,
        ),
    )
)
def test_whatever_is_sent_ends_in_good_values_or_in_sentences(values: dict[str, Any]) -> None:
    try:
        found = parameters(PICTURES, CLOTHES, "seat", values)
    except Invalid as invalid:
        for messages in invalid.errors.values():
            assert all(message.in_language("zh") for message in messages)
    else:
        assert schema_for(PICTURES, CLOTHES, "teacher").validate(found) == {}
        assert 1 <= found["epochs"] <= 30


def test_the_json_schema_says_what_the_form_says() -> None:
    schema = json_schema(PICTURES, CLOTHES, "seat", "zh")
    assert schema["title"] == "图片分类器"
    epochs = schema["properties"]["epochs"]
    assert (epochs["type"], epochs["minimum"], epochs["maximum"]) == ("integer", 1, 30)
    assert schema["properties"]["model_size"]["enum"] == ["small", "medium", "large"]
    assert "held_out" not in schema["properties"]
    assert "held_out" in json_schema(PICTURES, CLOTHES, "teacher", "en")["properties"]

    features = json_schema(TABLE, PENGUINS, "seat", "en")["properties"]["features"]
    assert features["items"]["enum"] == ["island", "bill, mm", "mass"]
    assert features["default"] == ["island", "bill, mm", "mass"]
    assert "enum" not in json_schema(TABLE, None, "seat", "en")["properties"]["features"]["items"]
