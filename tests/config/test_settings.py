"""A settings file is read whole: every fault at once, with its key, what was found, what may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal import config

GOOD = """
[portal]
secret_key_file = "secret"
[database]
url = "sqlite:///kesuan.db"
[data]
root = "data"
[slurm]
partition = "class"
[templates]
folders = ["templates"]
[environments.xedu]
kind = "venv"
path = "/opt/xedu"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"x" * 32)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "kesuan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> dict[str, config.Fault]:
    with pytest.raises(config.BadSettings) as caught:
        config.load(written(folder, text))
    return {fault.key: fault for fault in caught.value.faults}


def test_a_short_file_gets_the_defaults_and_paths_from_its_own_folder(folder: Path) -> None:
    settings = config.load(written(folder, GOOD))
    assert settings.data.root == folder / "data"
    assert settings.templates.folders == [folder / "templates"]
    assert settings.web.workers == 2
    assert settings.environments["xedu"].path == "/opt/xedu"


def test_every_fault_is_reported_at_once(folder: Path) -> None:
    found = faults(
        folder,
        GOOD.replace('partition = "class"', "partiton = 3").replace(
            '[data]\nroot = "data"', '[data]\nroot = ""\nupload_mb = 0'
        )
        + "\n[web]\nworkers = true\nbind = 5\n[agent]\npoll_s = 0.01\n",
    )
    assert set(found) == {
        "slurm.partiton",
        "slurm.partition",
        "data.root",
        "data.upload_mb",
        "web.workers",
        "web.bind",
        "agent.poll_s",
    }
    assert found["web.workers"].found == "True"
    assert found["agent.poll_s"].allowed == "float from 0.2 to 60"
    assert found["slurm.partition"].found == "nothing"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('kind = "venv"\npath = "/opt/xedu"', 'kind = "venv"', "environments.xedu.path"),
        ('kind = "venv"', 'kind = "conda"', "environments.xedu.kind"),
        ("sqlite:///kesuan.db", "mysql://a:b@c/d", "database.url"),
        ('secret_key_file = "secret"', 'secret_key_file = "nothing"', "portal.secret_key_file"),
        ("[data]", "[[data]]", "data"),
        (
            "[database]",
            '[web]\noperations_from = ["10.1.0.1/16"]\n[database]',
            "web.operations_from",
        ),
        ('folders = ["templates"]', "folders = [1]", "templates.folders"),
    ],
)
def test_one_fault_is_named_by_its_key(folder: Path, old: str, new: str, key: str) -> None:
    assert set(faults(folder, GOOD.replace(old, new))) == {key}


def test_a_password_in_a_url_is_never_repeated(folder: Path) -> None:
    found = faults(folder, GOOD.replace("sqlite:///kesuan.db", "mysql://kesuan:hush@db/kesuan"))
    assert "hush" not in found["database.url"].found
    url = "postgresql+psycopg://kesuan:hush@db/kesuan"
    settings = config.load(written(folder, GOOD.replace("sqlite:///kesuan.db", url)))
    assert "hush" not in str(config.effective(settings))


@pytest.mark.parametrize("text", ["[portal", "\x00", "a = 1\na = 2"])
def test_no_toml_is_one_fault(folder: Path, text: str) -> None:
    assert set(faults(folder, text)) == {"(file)"}


def test_no_file_is_one_fault(folder: Path) -> None:
    with pytest.raises(config.BadSettings) as caught:
        config.load(folder / "absent.toml")
    assert caught.value.faults[0].key == "(file)"


def test_every_setting_says_what_it_is_for() -> None:
    undocumented = [key for key, item in config.documented() if not item.metadata["doc"]]
    assert undocumented == []
