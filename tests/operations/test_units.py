"""The systemd units: systemd understands them, they are shut tight, and the commands are there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from portal.cli import COMMANDS
from portal.config import Web

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
SOCKET = ROOT / "systemd" / "kesuan-web.socket"
# In tenths of systemd's exposure level, from 0 (shut) to 100. What the documents say is below it.
MOST_EXPOSED = 20

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def options(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def here(unit: Path, folder: Path) -> Path:
    """The unit with the paths of this checkout, for systemd looks whether its command exists.

    Those that it names lie beside it.
    """
    for each in (*UNITS, SOCKET):
        text = each.read_text(encoding="utf-8").replace("/opt/kesuan", str(ROOT))
        (folder / each.name).write_text(text)
    return folder / unit.name


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_there_are_two_and_the_address_of_one() -> None:
    assert [unit.name for unit in UNITS] == ["kesuan-agent.service", "kesuan-web.service"]
    assert options(SOCKET)["ListenStream"] == [Web().bind]
    (after,) = options(UNITS[1])["After"]
    assert SOCKET.name in after.split()
    assert SOCKET.name in (ROOT / "docs" / "install.md").read_text(encoding="utf-8")


@needs_systemd
@pytest.mark.parametrize("unit", [*UNITS, SOCKET], ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    done = analyze("verify", "--man=no", here(unit, tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_a_line_that_is_wrong_would_show(tmp_path: Path) -> None:
    unit = here(UNITS[0], tmp_path)
    unit.write_text(unit.read_text().replace("PrivateTmp=yes", "PrivateTemp=yes"))
    assert "PrivateTemp" in analyze("verify", "--man=no", unit).stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_sandbox_is_shut(unit: Path, tmp_path: Path) -> None:
    done = analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSED}", here(unit, tmp_path)
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_command_is_one_of_ours_and_runs_as_the_service_user(unit: Path) -> None:
    told = options(unit)
    (command,) = told["ExecStart"]
    program, word = command.split()
    assert program == "/opt/kesuan/.venv/bin/kesuan"
    assert word in COMMANDS
    assert told["User"] == ["kesuan"]
    install = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    for folder in told["ReadWritePaths"][0].split():
        assert folder in install, "a folder that the installation does not make"
    assert unit.name.removesuffix(".service") in install
