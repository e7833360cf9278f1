"""The Grafana dashboard asks only for figures that the portal tells, and leaves none out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.operations.figures import Figures
from portal.store import Store
from portal.web import latency

FILE = Path(__file__).parents[2] / "docs" / "grafana-dashboard.json"
NAME = re.compile(r"\bkesuan_[a-z_]+")
MATCH = re.compile(r'(kesuan_[a-z_]+)\{([a-z]+)=~?"([^"]*)"')


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def asked(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def told(store: Store) -> dict[str, dict[str, set[str]]]:
    """Every name that Prometheus would see, with the values of each label."""
    app = Flask("test")
    latency.register(app)
    app.add_url_rule("/", "front", lambda: "")
    app.add_url_rule("/broken", "broken", lambda: ("", 500))
    for page in ("/", "/broken"):
        app.test_client().get(page)
    families = [*Figures(store).collect(), *app.extensions[latency.EXTENSION].collect()]
    found: dict[str, dict[str, set[str]]] = {}
    for family in families:
        if not family.samples:
            found[family.name] = {}
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def test_every_name_in_it_is_told(dashboard: dict[str, Any], store: Store) -> None:
    names = {name for expression in asked(dashboard) for name in NAME.findall(expression)}
    assert len(names) > 10
    assert names <= set(told(store))


def test_every_label_in_it_is_told(dashboard: dict[str, Any], store: Store) -> None:
    known, looked = told(store), 0
    for expression in asked(dashboard):
        for name, label, values in MATCH.findall(expression):
            assert set(values.split("|")) <= known[name][label], expression
            looked += 1
        for group in re.findall(r"by \(([a-z, ]+)\)", expression):
            name = NAME.search(expression)
            assert name is not None
            assert set(group.split(", ")) <= set(known[name[0]]), expression
            looked += 1
    assert looked > 8


def test_every_figure_is_in_it(dashboard: dict[str, Any], store: Store) -> None:
    names = {name for expression in asked(dashboard) for name in NAME.findall(expression)}
    ours = {name for name in told(store) if not name.endswith(("_sum", "_created", "_count"))}
    assert ours <= names


def test_panels_lie_beside_each_other(dashboard: dict[str, Any]) -> None:
    cells = [
        (x, y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
