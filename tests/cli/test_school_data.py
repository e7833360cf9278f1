"""kesuan school-data: what children left is deleted, and taken home, by a command."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from portal.config import Settings
from portal.privacy.eraser import Eraser
from portal.store import EVERYONE, Store
from portal.store.tables import SchoolClass
from tests.cli.conftest import Kesuan


@pytest.fixture
def school(run: Kesuan, settings: Settings, tmp_path: Path) -> Settings:
    assert run("schools", "add", "hua", "华小", "--account", "hua").code == 0
    file = tmp_path / "slips.csv"
    added = run("classes", "add", "hua", "7-2", "7(2)", "--seats", "2", "--credentials", file)
    assert added.code == 0
    return settings


def test_a_class_is_deleted_and_leaves_a_receipt(run: Kesuan, school: Settings) -> None:
    assert run("school-data", "delete", "class", "hua/9-9", "--yes").code == 2
    assert run("school-data", "delete", "seat", "hua/7-2/3", "--yes").code == 2
    asked = run("school-data", "delete", "class", "hua/7-2", "--yes")
    assert asked.code == 0
    listed = run("school-data", "receipts", "hua")
    assert "asked" in listed.out
    store, clock = Store(school.database), [4e9]
    eraser = Eraser(school.data.root, store, lambda: clock[0], lambda: clock[0])
    for _ in range(4):
        eraser.step()
        clock[0] += 61
    with store.reading(EVERYONE) as session:
        assert session.query(SchoolClass).count() == 0
    store.close()
    receipt = json.loads(run("school-data", "receipt", asked.out.strip()).out)
    assert (receipt["state"], receipt["left"]) == ("done", 0)
    assert receipt["rows"] == {"seat": 2, "class": 1, "user": 2}
    assert [each["id"] for each in json.loads(run("school-data", "receipts", "--json").out)] == [
        asked.out.strip()
    ]


@pytest.mark.parametrize("which", ["hua", "hua/7-2"])
def test_a_class_is_taken_home(run: Kesuan, school: Settings, tmp_path: Path, which: str) -> None:
    into = tmp_path / "home.zip"
    assert run("school-data", "take-home", which, "--into", into).code == 0
    with zipfile.ZipFile(into) as archive:
        assert archive.namelist() == ["index.html"]
    assert run("school-data", "take-home", "hua/9-9", "--into", into).code == 2
    assert [path.name for path in tmp_path.glob("*home*")] == ["home.zip"]
