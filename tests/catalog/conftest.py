"""A good template in a folder of its own, to be spoilt."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "job_templates"

PENGUINS: dict[str, Any] = {
    "version": 1,
    "kind": "table",
    "rows": 344,
    "label": "species",
    "columns": [
        {"name": "island", "type": "text", "missing": 0, "values": ["Biscoe", "Dream"]},
        {"name": "bill, mm", "type": "number", "missing": 2},
        {"name": "mass", "type": "number", "missing": 2},
        {"name": "species", "type": "text", "missing": 0},
    ],
    "classes": [{"name": "Adelie", "count": 152}, {"name": "Gentoo", "count": 124}],
    "bytes": 15000,
}

CLOTHES: dict[str, Any] = {
    "version": 1,
    "kind": "pictures",
    "count": 2000,
    "classes": [{"name": str(number), "count": 200} for number in range(10)],
    "width": 28,
    "height": 28,
    "mode": "L",
    "bytes": 1_000_000,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the picture classifier."""
    copy = tmp_path / "good-template"
    shutil.copytree(TEMPLATES / "image-classifier", copy)
    return copy


@pytest.fixture
def spoil(folder: Path) -> Callable[[str, str], Path]:
    """Replaces some text of the copy's template.toml, which has to be there."""

    def change(old: str, new: str) -> Path:
        toml = folder / "template.toml"
        text = toml.read_text()
        if old not in text:
            raise ValueError(f"{old!r} is not in template.toml")
        toml.write_text(text.replace(old, new, 1))
        return folder

    return change


def table_of(folder: Path) -> dict[str, Any]:
    """The document as TOML reads it."""
    return tomllib.loads((folder / "template.toml").read_text())
