"""The commands of a teacher's script, against a portal's own API."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from portal.runs.life import move
from portal.runs.states import RunState
from portal.store import EVERYONE
from portal.store.tables import Run
from tests.api.conftest import PASSWORD, World, world
from tests.cli.conftest import Kesuan, Said

__all__ = ["world"]

SUBMIT = ("submit", "tabular-classifier", "--data", "iris", "--set", "algorithm=KNN")


@pytest.fixture
def portal(
    world: World, run: Kesuan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The API behind a real socket, and a teacher who has logged in to it."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("KESUAN_SERVER", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("KESUAN_TOKEN_FILE", str(tmp_path / "config" / "token"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("portal.commands.following.EVERY_S", 0.05)
    _log_in(run, monkeypatch)
    yield world
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_portal_has_its_own_token_and_the_last_is_meant(
    portal: World, run: Kesuan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = os.environ["KESUAN_SERVER"]
    monkeypatch.delenv("KESUAN_TOKEN_FILE")
    monkeypatch.delenv("KESUAN_SERVER")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    login = ("login", "teacher-hua", "--password-file", "-", "--scope", "read")
    assert run(*login, "--server", server).code == 0
    assert run("runs").code == 0
    (file,) = (tmp_path / "home" / "kesuan" / "tokens").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    refused = run(*SUBMIT)
    assert refused.code == 1
    assert "train" in refused.err
    # Another address is another portal, and gets no token of this one.
    elsewhere = run("runs", "--server", server.replace("127.0.0.1", "localhost"))
    assert elsewhere.code == 1
    assert "token" in elsewhere.err


def _log_in(run: Kesuan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    said = run("login", "teacher-hua", "--password-file", "-")
    assert said.code == 0, said.err


def test_the_token_is_its_owners_alone_and_replaces_the_one_before(
    portal: World, run: Kesuan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config" / "token"
    before = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    tokens = len(run("tokens", "list").out.splitlines())
    _log_in(run, monkeypatch)
    assert file.read_text() != before
    assert len(run("tokens", "list").out.splitlines()) == tokens


def test_a_class_is_launched_listed_and_stopped(portal: World, run: Kesuan) -> None:
    said = run(*SUBMIT, "--class", "7-2", "--seats", "1,3", "--minutes", "20", "--json")
    assert said.code == 0, said.err
    lesson = json.loads(said.out)
    runs = json.loads(run("runs", "--lesson", lesson["id"], "--json").out)["items"]
    assert sorted(made["seat"] for made in runs) == [1, 3]
    table = run("lessons", lesson["id"]).out.splitlines()
    assert table[0] == f"lesson {lesson['id']}"
    assert len(table) == 2 + 3
    stopped = run("cancel", "--lesson", lesson["id"]).out.splitlines()
    assert {line.split("\t")[1] for line in stopped} == {"cancelled"}
    assert lesson["id"] in run("lessons").out


def test_waiting_ends_with_the_run_and_tells_how(portal: World, run: Kesuan) -> None:
    made = json.loads(run(*SUBMIT, "--json").out)
    _end(portal, made["id"], RunState.SUCCEEDED)
    # The same key is the same run, which has ended by now.
    key = ("--key", "the-same-key")
    first = json.loads(run(*SUBMIT, *key, "--json").out)
    _end(portal, first["id"], RunState.FAILED)
    said = run(*SUBMIT, *key, "--wait")
    assert said.code == 1
    assert first["id"] in said.out
    assert "failed" in said.err
    again = run("retry", first["id"])
    assert again.out.split() == [first["id"], "waiting"]


def test_results_are_taken_home(portal: World, run: Kesuan, tmp_path: Path) -> None:
    made = json.loads(run(*SUBMIT, "--json").out)
    folder = portal.settings.data.root / "runs" / made["id"][:2] / made["id"] / "attempt-1"
    (folder / "artifacts" / "predictions").mkdir(parents=True)
    files = {"model.onnx": b"model", "predictions/000.png": b"png"}
    for name, content in files.items():
        (folder / "artifacts" / name).write_bytes(content)
    listed = [
        {"name": name, "kind": "file", "bytes": len(content), "sha256": "0" * 64}
        for name, content in files.items()
    ]
    status = {
        **{"version": 1, "run": made["id"], "attempt": 1, "job": "1_0", "verdict": "succeeded"},
        **{"reason": None, "finished_early": False, "exit_code": 0, "metrics": {}},
        **{"started_at": 1.0, "ended_at": 2.0, "setup_seconds": 0, "train_seconds": 1},
        **{"steps": 1, "detail": "", "artifacts": listed},
    }
    (folder / "status.json").write_text(json.dumps(status))
    said = run("results", made["id"], "--into", tmp_path / "home")
    assert said.code == 0, said.err
    assert (tmp_path / "home" / "model.onnx").read_bytes() == b"model"
    assert (tmp_path / "home" / "predictions" / "000.png").read_bytes() == b"png"


def test_a_class_is_taken_home_and_a_refusal_leaves_it(
    portal: World, run: Kesuan, tmp_path: Path
) -> None:
    into = tmp_path / "home" / "7-2.zip"
    said = run("take-home", "--class", "7-2", "--into", into)
    assert said.code == 0, said.err
    assert said.out == f"{into}\t{into.stat().st_size}\n"
    with zipfile.ZipFile(into) as archive:
        assert archive.namelist()[-1] == "index.html"
    before = into.read_bytes()
    # A teacher may not take the school, and a name leads to no other address.
    assert run("take-home", "--school", "hua", "--into", into).code == 1
    assert run("take-home", "--class", "7-2/../../me?", "--into", into).code == 2
    for wrong in ((), ("--class", "7-2", "--school", "hua")):
        assert "Say one of" in run("take-home", *wrong, "--into", into).err
    assert [each.name for each in into.parent.iterdir()] == [into.name]
    assert into.read_bytes() == before


ROWS = """template,data,algorithm,neighbours,minutes
tabular-classifier,iris,KNN,3,
tabular-classifier,iris,KNN,3,
tabular-classifier,iris,CART,,5
"""


def sent(said: Said) -> list[str]:
    """The runs that a command names, row by row."""
    return [line.split("\t")[1] for line in said.out.splitlines()]


def test_a_file_of_runs_is_sent_once(portal: World, run: Kesuan, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text(ROWS, encoding="utf-8-sig")
    first = run("submit", "--from", file)
    assert first.code == 0, first.err
    runs = sent(first)
    assert len(set(runs)) == 3
    assert sent(run("submit", "--from", file)) == runs
    file.write_text(ROWS + "tabular-classifier,iris,KNN,7,\n")
    grown = sent(run("submit", "--from", file))
    assert grown[:3] == runs
    assert len(set(grown)) == 4
    file.write_text(ROWS)
    assert not set(sent(run("submit", "--from", file, "--key", "again"))) & set(grown)
    shown = json.loads(run("submit", "--from", file, "--json").out)
    assert [one["parameters"]["algorithm"] for one in shown] == ["KNN", "KNN", "CART"]
    assert shown[2]["minutes"] == 5


def test_a_file_with_faults_starts_nothing(portal: World, run: Kesuan, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text(ROWS + "no-such,iris,KNN,3,\ntabular-classifier,iris,KNN,9999,\n")
    before = run("runs", "--json").out
    said = run("submit", "--from", file)
    assert said.code == 2
    assert f"{file}:5: template" in said.err
    assert f"{file}:6: parameters.neighbours" in said.err
    assert run("runs", "--json").out == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "one of them is template"),
        ("colour\nred\n", "one of them is template"),
        ("template,data\n", "no row"),
        ("template,data\na,b,c\n", ":2: This row"),
        ("template,data,share\na,b,one\n", ":2: share: This is no whole number"),
        ("template,features\na,[1\n", ":2: features: [1 is no JSON list"),
    ],
)
def test_a_file_that_is_no_list_of_runs(
    portal: World, run: Kesuan, tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "runs.csv"
    file.write_text(content)
    said = run("submit", "--from", file)
    assert said.code == 2
    assert words in said.err


def test_a_file_goes_with_nothing_else(portal: World, run: Kesuan, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text(ROWS)
    assert "--from has all" in run("submit", "tabular-classifier", "--from", file).err
    assert "Say which template" in run("submit").err
    assert "Say one of" in run("results", "--into", tmp_path).err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--set", "epochs"), 2, "epochs is not name=value"),
        (("--set", "features=[1"), 2, "no JSON list"),
        (("--class", "7-2", "--seats", "one"), 2, "1-10,12"),
        (("--seats", "1"), 2, "--seats goes with --class"),
        (("--set", "depth=deep", "--set", "algorithm=CART"), 2, "parameters.depth"),
        (("--class", "9-9"), 2, "class: "),
    ],
)
def test_bad_input_is_told_in_words(
    portal: World, run: Kesuan, arguments: tuple[str, ...], code: int, words: str
) -> None:
    said = run("submit", "tabular-classifier", "--data", "iris", *arguments)
    assert said.code == code
    assert words in said.err
    assert "Traceback" not in said.err
    assert json.loads(run("runs", "--json").out)["items"] == []


def test_without_a_login_the_portal_says_what_to_do(
    portal: World, run: Kesuan, tmp_path: Path
) -> None:
    said = run("runs", "--token-file", tmp_path / "none")
    assert said.code == 1
    assert said.err.count("\n") == 1


def test_a_portal_that_is_not_there_is_a_matter_of_time(
    run: Kesuan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.commands.connection.PAUSES_S", ())
    said = run("runs", "--server", "http://127.0.0.1:9", "--token-file", tmp_path / "none")
    assert said.code == 75
    assert said.err == "kesuan: The portal at http://127.0.0.1:9 does not answer.\n"


def _end(world: World, run_id: str, state: RunState) -> None:
    with world.store.begin(EVERYONE) as session:
        found = session.get_one(Run, run_id)
        move(found, state, at=found.created_at + 1)
