"""The command, run as a shell would run it, in English unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.cli import kesuan
from portal.config import Settings, load

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


Kesuan = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Kesuan:
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "KESUAN_SERVER", "KESUAN_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def run(*arguments: str | Path) -> Said:
        code = kesuan.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code or 0, said.out, said.err)

    return run


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "secret").write_bytes(b"x" * 40)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "data").mkdir()
    file = tmp_path / "kesuan.toml"
    file.write_text(
        f"""
        portal.secret_key_file = "secret"
        database.url = "sqlite:///{tmp_path}/kesuan.db"
        data.root = "data"
        slurm.partition = "class"
        templates.folders = ["{ROOT}/job_templates"]
        environments.xedu = {{ kind = "plain" }}
        """,
        encoding="utf-8",
    )
    monkeypatch.setenv("KESUAN_SETTINGS", str(file))
    return file


@pytest.fixture
def settings(settings_file: Path, run: Kesuan) -> Settings:
    """The settings of a portal whose database is there."""
    assert run("migrate").code == 0
    return load(settings_file)
