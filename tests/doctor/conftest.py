"""A site on one machine, well in everything that this machine can see."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from portal.config import Settings, load
from portal.store import Store
from portal.store.migrate import upgrade

ROOT = Path(__file__).parents[2]

__all__ = ["Settings"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "secret").write_bytes(b"x" * 40)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "data").mkdir()
    (tmp_path / "kesuan.toml").write_text(
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
    return load(tmp_path / "kesuan.toml")


@pytest.fixture
def mine(settings: Settings) -> Settings:
    """The same, with whoever runs the tests as the service user, and a migrated database."""
    store = Store(settings.database)
    upgrade(store)
    store.close()
    name = pwd.getpwuid(os.geteuid()).pw_name
    return replace(settings, slurm=replace(settings.slurm, user=name))
