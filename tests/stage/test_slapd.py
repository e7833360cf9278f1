"""The slapd of tests and demo: starts with its tree, tells the portal how, leaves nothing."""

from __future__ import annotations

import stat
from pathlib import Path

from stage import slapd

from portal import config
from tests.config.test_settings import GOOD
from tests.conftest import NAME
from tests.directories import start


def test_it_says_how_to_reach_it_and_goes_without_a_trace(tmp_path: Path) -> None:
    name = f"{NAME}own"
    made = start(name)
    assert slapd.load(name) == made
    assert len(slapd.belonging(name)) == 1
    for secret in (made.password_file, made.folder / "directory.json", made.folder / "server.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert made.password_file.owner() == "kesuan"

    (tmp_path / "secret").write_bytes(b"x" * 32)
    file = tmp_path / "kesuan.toml"
    file.write_text(GOOD + slapd.settings(made), encoding="utf-8")
    settings = config.load(file)
    assert settings.login.way == "ldap"
    assert settings.ldap.servers == [made.tls_url, made.url]

    slapd.down(name)
    assert slapd.belonging(name) == []
    assert slapd.load(name) is None
    assert not made.folder.exists()
    slapd.down(name)
