"""How the command speaks: the reader's language, aligned columns, a strip of seats."""

from __future__ import annotations

import pytest

from portal.commands.seats import strip
from portal.commands.speech import language
from portal.commands.submit import parameters
from portal.commands.table import table
from tests.cli.conftest import Kesuan


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_GB"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_shells(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_chinese_is_two_wide() -> None:
    lines = table(("name", "n"), [("七年级", 1), ("ab", None)]).splitlines()
    assert lines == ["name    n", "七年级  1", "ab      -"]


def test_the_strip_has_a_sign_for_every_seat() -> None:
    seats = [
        {"state": "succeeded", "fraction": 1.0},
        {"state": "running", "fraction": 0.0},
        {"state": "running", "fraction": 1.0},
        {"state": "waiting", "fraction": None},
        {"state": "failed", "fraction": None},
    ]
    assert strip({"seats": seats}) == "█▁▇·x"


def test_a_parameter_that_comes_twice_is_a_list() -> None:
    pairs = (("epochs", "5"), ("features", "long"), ("features", ["wide", "high"]))
    assert parameters(pairs) == {"epochs": "5", "features": ["long", "wide", "high"]}


def test_every_command_can_say_what_it_does(run: Kesuan) -> None:
    commands = [
        line.split()[0]
        for line in run("--help").out.partition("Commands:")[2].splitlines()
        if line.strip()
    ]
    assert len(commands) > 15
    for name in commands:
        said = run(name, "--help")
        assert said.code == 0
        assert "Usage: " in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("submit", "t"), "Say which template and --data, or --from a file. See: kesuan submit"),
        (("runs", "--stat", "x"), "There is no option --stat. See: kesuan runs --help"),
        (("bake",), "No such command 'bake'. See: kesuan --help"),
        (("runs", "--limit", "1000"), "1000 is not in the range 1<=x<=100"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    run: Kesuan, arguments: tuple[str, ...], words: str
) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert said.err.startswith("kesuan: ")
    assert words in said.err
