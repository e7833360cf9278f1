"""The copy of the templates that jobs run."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.catalog import publish
from tests.catalog.conftest import TEMPLATES


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    copy = tmp_path / "job_templates"
    shutil.copytree(TEMPLATES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_a_copy_has_all_that_a_job_needs(templates: Path, tmp_path: Path) -> None:
    version = publish([templates], tmp_path / "data")
    copy = tmp_path / "data" / "programs" / version
    for name in ("runtime/job.sh", "runtime/launch.py", "image-classifier/train.py"):
        assert (copy / name).read_bytes() == (templates / name).read_bytes()
    assert (copy / "runtime" / "job.sh").stat().st_mode & 0o111
    assert not (copy / "runtime" / "launch.py").stat().st_mode & 0o222
    assert not (copy / "environments").exists()


def test_publishing_again_is_harmless(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    version = publish([templates], root)
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    assert publish([templates], root) == version
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def test_a_change_makes_a_new_copy_beside_the_old_one(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    old = publish([templates], root)
    train = templates / "image-classifier" / "train.py"
    train.write_text(train.read_text() + "\n")
    new = publish([templates], root)
    assert new != old
    assert sorted(p.name for p in (root / "programs").iterdir()) == sorted([old, new])


def test_two_agents_may_publish_at_once(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    with ThreadPoolExecutor(4) as pool:
        versions = set(pool.map(lambda _: publish([templates], root), range(4)))
    assert len(versions) == 1
    assert [p.name for p in (root / "programs").iterdir()] == list(versions)


def test_a_sites_own_templates_are_published_beside_the_houses(
    templates: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(templates / "tabular-classifier", own / "guess")
    shutil.copytree(templates / "tabular-classifier", own / "image-classifier")
    copy = tmp_path / "data" / "programs" / publish([templates, own], tmp_path / "data")
    assert (copy / "guess" / "train.py").is_file()
    assert (copy / "runtime" / "launch.py").is_file()
    first = (templates / "image-classifier" / "train.py").read_bytes()
    assert (copy / "image-classifier" / "train.py").read_bytes() == first


def test_a_copy_that_cannot_be_made_leaves_nothing(templates: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="data"):
        publish([templates], root)
    root.unlink()
    with pytest.raises(FileNotFoundError, match="runtime"):
        publish([tmp_path / "empty"], root)
    assert not root.exists()
