"""`check_folder` finds every fault of a folder at once, and says where and what is allowed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.catalog import BadTemplate, Catalog, check_folder, load_template
from portal.errors import NotFound
from tests.catalog.conftest import TEMPLATES

Spoil = Callable[[str, str], Path]

BAD = [
    ("version = 1", "version = 2", "version"),
    ("version = 1", "", "version"),
    ('title = { zh = "图片分类器", en = "Picture classifier" }', "", "template.title"),
    ('zh = "图片分类器", en = "Picture classifier"', 'zh = "图片分类器"', "template.title.en"),
    ('zh = "图片分类器", en = "Picture classifier"', 'en = "Picture"', "template.title.zh"),
    ('en = "Picture classifier"', 'en = "  "', "template.title.en"),
    ('en = "Picture classifier"', "en = 3", "template.title.en"),
    ('title = { zh = "图片分类器", en = "Picture classifier" }', 'title = "x"', "template.title"),
    ('data = "pictures"', 'data = "films"', "template.data"),
    ('program = "train.py"', 'program = "../train.py"', "template.program"),
    ('program = "train.py"', 'program = "absent.py"', "template.program"),
    ('environment = "xedu"', 'environment = "xedu; rm"', "template.environment"),
    ('environment = "xedu"', 'environmnet = "xedu"', "template.environmnet"),
    ("shares = [0, 1, 2, 4, 8]", "shares = []", "resources.shares"),
    ("shares = [0, 1, 2, 4, 8]", "shares = [2, 1]", "resources.shares"),
    ("shares = [0, 1, 2, 4, 8]", 'shares = ["one"]', "resources.shares[0]"),
    ("shares = [0, 1, 2, 4, 8]", "shares = 1", "resources.shares"),
    ("default_share = 1", "default_share = 3", "resources.default_share"),
    ("minutes = 30", "minutes = 0", "resources.minutes"),
    ("minutes = 30", "minutes = true", "resources.minutes"),
    ("minutes = 30", "minutes = 2.5", "resources.minutes"),
    ("default_minutes = 10", "default_minutes = 31", "resources.default_minutes"),
    ("memory_mb = 1200", "memory_mb = nan", "resources.memory_mb"),
    ("startup_seconds = 3.0", "startup_seconds = -1", "estimate.startup_seconds"),
    ("startup_seconds = 3.0", "startup_seconds = inf", "estimate.startup_seconds"),
    ("{ 0 = 0.00035, 1 = 0.00035 }", "{}", "estimate.seconds_per_step"),
    ("{ 0 = 0.00035, 1 = 0.00035 }", "{ one = 1 }", "estimate.seconds_per_step"),
    ('field = "epochs"', 'field = "eopchs"', "estimate.factor[0].field"),
    ('field = "epochs"', 'field = "epochs"\ndata = "items"', "estimate.factor[0]"),
    ('field = "epochs"', "", "estimate.factor[0]"),
    ("small = 1.0, medium", "medium", "estimate.factor[2].weights"),
    ("small = 1.0, medium", "smal = 1.0, small = 1.0, medium", "estimate.factor[2].weights"),
    ('name = "epochs"', 'name = "pictures_per_class"', "field[1].name"),
    ('name = "epochs"', 'name = "<b>"', "field[0].name"),
    ('type = "integer"', 'type = "int"', "field[0].type"),
    ('type = "integer"', 'type = "columns"', "field[0].type"),
    ("default = 4", "", "field[0].default"),
    ("default = 4", "default = 31", "field[0].default"),
    ("default = 4", 'default = "4"', "field[0].default"),
    ("default = 4", "default = 4.5", "field[0].default"),
    ("default = 4", "default = true", "field[0].default"),
    ("min = 1\nmax = 30", "min = 30\nmax = 1", "field[0].min"),
    ("min = 1\nmax = 30", "max = 30", "field[0].min"),
    ('widget = "slider"', 'widget = "radio"', "field[0].widget"),
    ('default = "0.003"', 'default = "0.004"', "field[2].default"),
    ('value = "0.001"', 'value = "0.0003"', "field[2].options[1].value"),
    ("default = false", 'default = "no"', "field[5].default"),
    ('change = "teacher"', 'change = "headmaster"', "field[6].change"),
    ("default = false", 'default = false\nonly_for = { x = ["y"] }', "field[5].only_for.x"),
    (
        "default = false",
        'default = false\nonly_for = { model_size = ["tiny"] }',
        "field[5].only_for.model_size",
    ),
    ("default = false", "default = false\nonly_for = 3", "field[5].only_for"),
    ('x = "epoch"', 'x = "moon"', "curve.x"),
    ('better = "up"', 'better = "high"', "curve.series[0].better"),
    ('name = "train_accuracy"', 'name = "accuracy"', "curve.series[1].name"),
    ("percent = true", 'percent = "yes"', "headline.percent"),
    ('kind = "model"', 'kind = "thing"', "artifact"),
    ('name = "model.onnx"', 'name = "model.pkl"', "artifact[0].name"),
    ('name = "model.onnx"', 'name = "../model.onnx"', "artifact[0].name"),
    ('name = "report.html"', 'name = "page.html"', "artifact"),
    ("[headline]", "[headlines]", "headline"),
    ("[headline]", "[[headline]]", "headline"),
]


@pytest.mark.parametrize("name", ["image-classifier", "tabular-classifier"])
def test_the_houses_own_templates_are_good(name: str) -> None:
    assert check_folder(TEMPLATES / name) == []


@pytest.mark.parametrize(("old", "new", "key"), BAD)
def test_a_fault_is_reported_at_its_key(spoil: Spoil, old: str, new: str, key: str) -> None:
    faults = check_folder(spoil(old, new))
    assert key in [fault.key for fault in faults], [str(fault) for fault in faults]
    for fault in faults:
        assert fault.file.name in str(fault)
        assert fault.in_language("zh")


def test_every_fault_is_reported_at_once(spoil: Spoil) -> None:
    spoil('data = "pictures"', 'data = "films"')
    spoil("minutes = 30", "minutes = 0")
    spoil('en = "Epochs"', 'en = ""')
    spoil("startup_seconds = 3.0", 'startup_seconds = "long"')
    faults = {fault.key: fault for fault in check_folder(spoil("max = 30", 'max = "30"'))}
    assert set(faults) == {
        "template.data",
        "resources.minutes",
        "field[0].label.en",
        "field[0].max",
        "estimate.startup_seconds",
    }
    assert faults["template.data"].found == "films"
    assert "table, pictures" in str(faults["template.data"])


def test_faults_between_parts_are_reported_at_once_too(spoil: Spoil) -> None:
    spoil("default = 4", "default = 40")
    spoil("default_share = 1", "default_share = 7")
    faults = {fault.key for fault in check_folder(spoil('"train.py"', '"gone.py"'))}
    assert faults == {"field[0].default", "resources.default_share", "template.program"}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"version = ", b"a" * 300_000, b"version = 1"])
def test_a_file_that_is_no_template_is_a_fault_and_no_crash(folder: Path, body: bytes) -> None:
    (folder / "template.toml").write_bytes(body)
    assert check_folder(folder)


def test_a_folder_without_its_files_is_a_fault(folder: Path) -> None:
    (folder / "README.md").unlink()
    assert [fault.key for fault in check_folder(folder)] == ["README.md"]
    (folder / "template.toml").unlink()
    assert [fault.key for fault in check_folder(folder)] == ["template.toml"]
    assert check_folder(folder / "nowhere")


def test_a_folders_name_is_the_templates_name(folder: Path) -> None:
    assert load_template(folder).name == "good-template"
    bad = folder.rename(folder.with_name("Bad Name"))
    with pytest.raises(BadTemplate, match="small letters"):
        load_template(bad)


def test_the_version_changes_with_any_file(folder: Path) -> None:
    before = load_template(folder).version
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "x.pyc").write_bytes(b"1")
    (folder / ".hidden").write_bytes(b"1")
    assert load_template(folder).version == before
    (folder / "train.py").write_text("pass")
    assert load_template(folder).version != before


def test_one_bad_folder_leaves_the_others(folder: Path, spoil: Spoil) -> None:
    shutil.copytree(TEMPLATES / "tabular-classifier", folder.parent / "tabular-classifier")
    catalog = Catalog([folder.parent, folder.parent / "nowhere", TEMPLATES])
    names = [template.name for template in catalog.all()]
    assert names == ["good-template", "image-classifier", "tabular-classifier"]
    assert "already" in str(catalog.faults[0])

    spoil('data = "pictures"', 'data = "films"')
    catalog = Catalog([folder.parent])
    assert [template.name for template in catalog.all()] == ["tabular-classifier"]
    assert [fault.key for fault in catalog.faults] == ["template.data"]
    with pytest.raises(NotFound):
        catalog.get("good-template")
