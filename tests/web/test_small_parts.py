"""Seat numbers, addresses, matrices and bars: the parts of pages that are plain functions."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.errors import Invalid
from portal.web.confusion import draw
from portal.web.gpu_bars import OTHERS, nodes_of
from portal.web.places import inside
from portal.web.seat_numbers import seat_numbers


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("", None),
        ("  ", None),
        ("7", (7,)),
        ("1-3, 12", (1, 2, 3, 12)),
        ("3，1；2", (1, 2, 3)),
        ("5 5-6", (5, 6)),
        ("1 至 3".replace(" ", ""), (1, 2, 3)),
        ("１-２", (1, 2)),
    ],
)
def test_seats_as_teachers_write_them(typed: str, numbers: tuple[int, ...] | None) -> None:
    assert seat_numbers(typed) == numbers


@pytest.mark.parametrize("typed", ["all", "1-", "3-1", "-4", "1.5", "1-99999", "1-9999", "<b>"])
def test_what_is_no_seat(typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        seat_numbers(typed)
    assert "seats" in caught.value.errors


def test_a_matrix_has_a_square_for_every_pair() -> None:
    chart = draw(["cat", "dog"], [[8, 2], [0, 5]])
    assert [(c.truth, c.guess, c.count) for c in chart.cells] == [
        ("cat", "cat", 8),
        ("cat", "dog", 2),
        ("dog", "cat", 0),
        ("dog", "dog", 5),
    ]
    assert chart.worst is not None
    assert (chart.worst.truth, chart.worst.guess) == ("cat", "dog")
    assert float(chart.cells[0].shade) > float(chart.cells[1].shade) > 0
    assert chart.cells[2].shade == "0"
    inner = [c.x for c in chart.cells]
    assert min(inner) == chart.left
    assert chart.width > max(inner) + chart.cell - 1


def test_long_and_chinese_names_are_cut_to_one_width() -> None:
    chart = draw(["非常非常非常长的类别名称", "a very long name of a class"], [[1, 0], [0, 1]])
    assert chart.labels[0].endswith("…")
    assert chart.labels[1].endswith("…")
    assert draw(["a"], [[0]]).worst is None


def test_many_classes_are_shades_without_numbers() -> None:
    names = [str(n) for n in range(100)]
    chart = draw(names, [[1] * 100] * 100)
    assert not chart.numbered
    assert chart.cell >= 6


def test_bars_have_eight_blocks_whatever_the_view_says() -> None:
    view = {
        "nodes": [
            {
                "name": "g1",
                "gpus": [
                    {"used": [{"school": "hua", "eighths": 3}, {"school": "nan", "eighths": 9}]},
                    {"used_eighths": 2},
                    {},
                ],
            }
        ]
    }
    (node,) = nodes_of(view)
    assert [len(bar.blocks) for bar in node.bars] == [8, 8, 8]
    assert node.bars[0].blocks == ("hua",) * 3 + ("nan",) * 5
    assert node.bars[1].blocks == ("others",) * 2 + (None,) * 6
    assert node.bars[2].used == 0
    assert nodes_of({}) == ()


def test_only_addresses_of_the_portal_are_followed() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "home.page", lambda: "")
    with app.test_request_context("/"):
        assert inside("/runs/1?x=2") == "/runs/1?x=2"
        for bad in (None, "", "runs", "//x", "https://x", "/\\x", "/\tx", "/x\ny"):
            assert inside(bad) == "/"


def test_a_nodes_eighths_have_the_colours_of_the_schools_that_hold_them() -> None:
    """As the agent tells it: schools for each node, eighths in use for each GPU."""
    gpus = [{"eighths": 8, "used_eighths": used} for used in (8, 3)]
    node = {"name": "g1", "schools": {"hua": 6, "nan": 4}, "gpus": gpus}
    first, second = nodes_of({"nodes": [node]})[0].bars
    assert first.blocks == ("hua",) * 6 + ("nan",) * 2
    assert second.blocks == ("nan",) * 2 + (OTHERS,) + (None,) * 5
