"""The whole examination, and the checks that need no Slurm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from portal.commands import doctor as command
from portal.config import Settings
from portal.doctor import Finding, Verdict, database, examine, files
from portal.scheduler.memory import MemoryScheduler
from portal.store import Store


def _by_code(findings: list[Finding]) -> dict[str, Verdict]:
    return {finding.code: finding.verdict for finding in findings}


def test_a_silent_slurm_is_one_fault_and_the_rest_is_still_looked_at(mine: Settings) -> None:
    scheduler = MemoryScheduler()
    scheduler.unavailable = True
    found = _by_code(list(examine(mine, scheduler)))
    assert found["slurm"] is Verdict.FAULT
    assert found["canary"] is Verdict.SKIPPED
    assert found["database"] is found["data-root"] is found["templates"] is Verdict.OK


def test_a_database_that_was_never_migrated_is_found(settings: Settings) -> None:
    findings = list(database.look(Store(settings.database)))
    assert _by_code(findings) == {"database": Verdict.FAULT}
    assert str(findings[0].advice) == "Run: kesuan migrate"


def test_a_database_that_is_nowhere_is_found(settings: Settings) -> None:
    nowhere = replace(settings.database, url="sqlite:////nowhere/at/all/kesuan.db")
    assert _by_code(list(database.look(Store(nowhere)))) == {"database": Verdict.FAULT}


def test_a_database_whose_clock_is_off_is_found(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _by_code(list(database.look(Store(mine.database))))["database-clock"] is Verdict.OK
    monkeypatch.setattr("portal.doctor.database.time.time", lambda: 1_000_000_000.0)
    assert _by_code(list(database.look(Store(mine.database))))["database-clock"] is Verdict.FAULT


@pytest.mark.parametrize(
    ("content", "mode", "verdict"),
    [
        (b"x" * 40, 0o600, Verdict.OK),
        (b"x" * 40, 0o640, Verdict.FAULT),
        (b"short\n", 0o600, Verdict.FAULT),
        (None, 0o600, Verdict.FAULT),
    ],
)
def test_a_secret_is_there_long_enough_and_nobody_elses(
    tmp_path: Path, content: bytes | None, mode: int, verdict: Verdict
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    found = files.secret("secret-key", file, 32)
    assert found.verdict is verdict
    assert "xxxx" not in str(found.found)


def test_a_key_of_random_bytes_may_end_with_one_that_looks_like_a_blank(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"x" * 31 + b"\n")
    file.chmod(0o600)
    assert files.secret("token", file, 32, raw=True).verdict is Verdict.OK
    assert files.secret("secret-key", file, 32).verdict is Verdict.FAULT


def test_a_data_root_that_is_not_there_or_somebody_elses_is_found(mine: Settings) -> None:
    assert files.data_root(mine).verdict is Verdict.OK
    absent = replace(mine, data=replace(mine.data, root=mine.data.root / "absent"))
    assert files.data_root(absent).verdict is Verdict.FAULT
    nobodys = replace(mine, slurm=replace(mine.slurm, user="nobody"))
    assert files.data_root(nobodys).verdict is Verdict.FAULT
    assert files.user(nobodys).verdict is Verdict.WARN


def test_the_command_fails_on_a_fault_and_says_what_to_do(
    mine: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = MemoryScheduler()
    silent.unavailable = True
    monkeypatch.setattr(command, "settings", lambda: mine)
    monkeypatch.setattr(command, "open_scheduler", lambda _: silent)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    with pytest.raises(SystemExit) as ended:
        command.command.main(["--json"])
    found = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert {row["check"] for row in found if row["verdict"] == "fault"} == {"slurm"}
    assert "backend" in {row["check"] for row in found if row["verdict"] == "ok"}
    assert all(row["advice"] for row in found if row["verdict"] in ("warn", "fault"))
