"""Commands that run beside the portal: its settings, its database, its people."""

from __future__ import annotations

import csv
import io
import json
import socket
import stat
import tomllib
from pathlib import Path

import pytest

from portal.config import Settings, load
from portal.people import tokens
from portal.people.accounts import load_viewer
from portal.people.login import LoginRefused, open_door
from portal.people.scopes import Scope
from portal.store import EVERYONE, Store
from portal.store.tables import AuditEntry, User
from tests.cli.conftest import Kesuan


def test_the_settings_are_printed_as_a_file_that_can_be_read_again(
    run: Kesuan, settings_file: Path, tmp_path: Path
) -> None:
    said = run("show-config")
    assert said.code == 0
    again = tmp_path / "again.toml"
    again.write_text(said.out, encoding="utf-8")
    assert load(again) == load(settings_file)
    assert tomllib.loads(said.out)["slurm"]["backend"] == "auto"


def test_no_secret_is_printed(run: Kesuan, settings_file: Path) -> None:
    (settings_file.parent / "secret").write_text("canary-in-a-file" * 3)
    settings_file.write_text(
        settings_file.read_text().replace(
            f"sqlite:///{settings_file.parent}/kesuan.db",
            "postgresql+psycopg://me:canary-in-a-url@host/name",
        )
    )
    for arguments in ((), ("--json",)):
        said = run("show-config", *arguments)
        assert "postgresql+psycopg://me@host/name" in said.out
        assert "canary" not in said.out + said.err


def test_a_bad_file_is_told_whole_and_ends_as_bad_input(run: Kesuan, settings_file: Path) -> None:
    text = settings_file.read_text()
    settings_file.write_text(text + "web.workers = 0\nagent.poll = 1\n")
    said = run("migrate")
    assert said.code == 2
    lines = said.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"kesuan: {settings_file}: ") for line in lines)
    assert "web.workers" in said.err
    assert "agent.poll" in said.err


def test_a_school_its_people_and_a_class(run: Kesuan, settings: Settings, tmp_path: Path) -> None:
    password, slips = tmp_path / "password", tmp_path / "slips" / "7-2.csv"
    password.write_text("correct horse\n")
    assert run("schools", "add", "hua", "华小", "--account", "hua").code == 0
    assert run("schools", "set", "hua", "--shares", "64").code == 0
    listed = [row.split() for row in run("schools", "list").out.splitlines()]
    assert listed == [
        ["SLUG", "ACCOUNT", "SHARES", "SHARE-HOURS", "GUARANTEED", "PARTITIONS", "NAME"],
        ["hua", "hua", "64", "-", "-", "-", "华小"],
    ]
    add = ("people", "add", "li", "李老师", "--role", "teacher", "--school", "hua")
    assert run(*add, "--password-file", password).code == 0
    said = run("classes", "add", "hua", "7-2", "七 2", "--seats", "2", "--credentials", slips)
    assert said.code == 0
    assert stat.S_IMODE(slips.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(slips.read_text())))
    assert [row["seat"] for row in rows] == ["1", "2"]
    accounts = open_door(settings, Store(settings.database))
    assert accounts.authenticate("li", "correct horse")
    assert accounts.authenticate(rows[1]["login"], rows[1]["password"])


@pytest.mark.usefixtures("settings")
def test_cards_of_a_class(run: Kesuan, tmp_path: Path) -> None:
    assert run("schools", "add", "hua", "华小", "--account", "hua").code == 0
    assert run("classes", "add", "hua", "7-2", "七 2", "--seats", "3").code == 0
    sheet = tmp_path / "cards.pdf"
    deal = ("seats", "cards", "hua", "7-2", "--into", sheet, "--server", "https://kesuan.example")
    assert run(*deal).code == 0
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    first = sheet.read_bytes()
    assert first.startswith(b"%PDF-")
    # The cards that are out there end only when somebody says so.
    asked = run(*deal)
    assert asked.code != 0
    assert "stop working" in asked.out + asked.err
    assert sheet.read_bytes() == first
    assert run(*deal, "--seat", "2", "--yes").code == 0
    assert sheet.read_bytes() != first
    assert run(*deal, "--seat", "9", "--yes").code == 2
    assert run("seats", "cards", "hua", "7-9", *deal[4:]).code != 0


def test_a_new_password_is_the_one_that_counts(
    run: Kesuan, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ("people", "add", "wang", "王", "--role", "staff", "--password-file", "-")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert run(*add).code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("battery staple\n"))
    assert run("people", "password", "wang", "--password-file", "-").code == 0
    assert open_door(settings, Store(settings.database)).authenticate("wang", "battery staple")


def test_somebody_can_be_kept_out_let_in_and_handed_over(
    run: Kesuan, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    add = ("people", "add", "wang", "王", "--role", "staff", "--password-file", "-")
    user_id = run(*add).out.strip()
    door = open_door(settings, Store(settings.database))

    def may_come_in() -> bool:
        with Store(settings.database).reading(EVERYONE) as session:
            return load_viewer(session, user_id) is not None

    assert run("people", "close", "wang").code == 0
    assert not may_come_in()
    with pytest.raises(LoginRefused):
        door.authenticate("wang", "correct horse")
    assert run("people", "reopen", "wang").code == 0
    assert may_come_in()
    assert door.authenticate("wang", "correct horse") == user_id
    assert run("people", "hand-over", "wang").code == 0
    with pytest.raises(LoginRefused):
        door.authenticate("wang", "correct horse")
    assert run("people", "close", "nobody").code != 0


def test_faults_are_a_line_each_beside_their_field(
    run: Kesuan, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("short")
    add = ("people", "add", "Not A Login", "Li", "--role", "teacher", "--password-file")
    said = run(*add, tmp_path / "password")
    assert said.code == 2
    fields = {line.split(": ")[1] for line in said.err.splitlines()}
    assert fields == {"login", "school", "password"}
    with Store(settings.database).reading(EVERYONE) as session:
        assert session.query(User).count() == 0


def test_a_password_is_no_argument(run: Kesuan, settings: Settings) -> None:
    said = run("people", "add", "li", "Li", "--role", "staff", "--password", "correct horse")
    assert said.code == 2
    assert "correct horse" not in said.err


def test_templates_are_checked_whole(run: Kesuan, settings_file: Path, tmp_path: Path) -> None:
    assert run("templates", "check").code == 0
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "template.toml").write_text("version = 1\n[template]\ndata = 'poems'\n")
    said = run("templates", "check", bad)
    assert said.code == 2
    assert len(said.err.splitlines()) > 3


def test_packaged_data_are_listed(run: Kesuan, settings_file: Path) -> None:
    names = [line.split("\t")[0] for line in run("data", "import", "--list").out.splitlines()]
    assert "penguins" in names
    unknown = run("data", "import", "moon-rocks")
    assert unknown.code == 2


def test_the_settings_page_is_the_documentation(run: Kesuan) -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert run("show-config", "--documentation").out == page


def test_settings_as_json(run: Kesuan, settings_file: Path) -> None:
    shown = json.loads(run("show-config", "--json").out)
    assert shown["data"]["root"] == str(settings_file.parent / "data")


def test_a_database_that_was_never_migrated_is_told_in_one_line(
    run: Kesuan, settings_file: Path
) -> None:
    said = run("schools", "list")
    assert said.code == 75
    assert said.err.count("\n") == 1
    assert "kesuan migrate" in said.err


def test_a_file_that_cannot_be_written_leaves_no_class_without_slips(
    run: Kesuan, settings: Settings, tmp_path: Path
) -> None:
    run("schools", "add", "hua", "华小", "--account", "hua")
    (tmp_path / "file").touch()
    add = ("classes", "add", "hua", "7-2", "七 2", "--seats", "2", "--credentials")
    said = run(*add, tmp_path / "file" / "slips.csv")
    assert said.code == 1
    assert said.err.startswith(f"kesuan: {tmp_path}/file")
    assert run(*add, tmp_path / "slips.csv").code == 0


def test_what_is_typed_here_is_in_the_audit_log(
    settings_file: Path, run: Kesuan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "zhang")
    password = tmp_path / "password"
    password.write_text("correct horse")
    with_password = ("--password-file", password)
    for words in (
        ("migrate",),
        ("schools", "add", "hua", "Hua", "--account", "hua"),
        ("people", "add", "li", "Li", "--role", "teacher", *("--school", "hua"), *with_password),
        ("people", "close", "li"),
        ("people", "close", "nobody"),
        ("classes", "add", "hua", "7-2", "7 (2)", "--seats", "1", "--credentials", tmp_path / "c"),
        ("tokens", "issue", "hua", "nightly", "--scope", "read", "--into", tmp_path / "token"),
    ):
        run(*words)
    store = Store(load(settings_file).database)
    with store.reading(EVERYONE) as session:
        noted = [
            (entry.what, entry.actor, entry.role)
            for entry in session.query(AuditEntry).order_by(AuditEntry.at)
        ]
    actor = f"zhang@{socket.gethostname()}"
    assert noted == [
        (f"command.{what}", actor, "command")
        for what in ("schools.add", "people.add", "people.close", "classes.add", "tokens.issue")
    ]
    secret = (tmp_path / "token").read_text().strip()
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    sender = tokens.resolve(store, secret)
    assert sender is not None
    assert sender.scopes == {Scope.READ}
    token_id = run("tokens", "all").out.splitlines()[-1].split()[0]
    run("tokens", "end", token_id)
    assert tokens.resolve(store, secret) is None
    store.close()
